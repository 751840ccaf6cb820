//! The binary: it serves, rebuilds beside a serving process, and says what is wrong with its settings.

use std::path::Path;
use std::process::{Command, Output};

use account_history::view::{AccountView, Views};
use messaging::embedded::EmbeddedLog;
use messaging::{Bus, to_message};
use test_support::{Service, TestTokens, eventually};

use crate::http::get_as;
use crate::world::World;

const BINARY: &str = env!("CARGO_BIN_EXE_account-history");

fn run(arguments: &[&str]) -> Output {
    Command::new(BINARY).args(arguments).env_remove("BANK_CONFIG").output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_serves_and_rebuilds_meanwhile() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (bus, views) =
        (format!("embedded:{}", file("bus.sqlite")), format!("sqlite://{}", file("views.sqlite")));
    let world = World::busy(70, 40);
    let log = EmbeddedLog::open(file("bus.sqlite"), 4).await.expect("a new log");
    log.ensure_topics(&["bank.account", "bank.transfer"]).await.expect("topics");
    let messages = world.events.iter().map(|event| to_message(event, "/test")).collect();
    log.publish(messages).await.expect("published");
    log.close().await;

    let settings = ["--bus", bus.as_str(), "--views", views.as_str()];
    let tokens = TestTokens::in_folder(Path::new(&file("keys")));
    let keys = format!("tokens.keys=folder:{}", file("keys"));
    let mut arguments = vec!["--listen", "127.0.0.1:0", "--role", "both", "--set", keys.as_str()];
    arguments.extend(settings);
    let no_environment: [(&str, &str); 0] = [];
    let service = Service::start(Path::new(BINARY), arguments, no_environment, Path::new(&file("log")));
    let expected = Views::replay(&world.events).expect("a whole past").account_views();
    let shows_all = async || {
        for account in &expected {
            let answer =
                get_as(&tokens.operator(), &service.url, &format!("/v1/accounts/{}", account.id), "").await;
            let shown: Option<AccountView> = serde_json::from_value(answer.body).ok();
            if shown.as_ref() != Some(account) {
                return Err(shown);
            }
        }
        Ok(())
    };
    eventually(&shows_all).await;
    let ready = reqwest::get(format!("{}/readyz", service.url)).await.expect("an answer");
    assert_eq!(ready.status(), 200);

    let rebuilt = tokio::task::spawn_blocking(move || {
        let settings = [bus.as_str(), views.as_str()];
        run(&["rebuild", "--bus", settings[0], "--views", settings[1]])
    });
    let rebuilt = rebuilt.await.expect("it ran");
    let (said, complained) = (text(&rebuilt.stdout), text(&rebuilt.stderr));
    assert!(rebuilt.status.success(), "{said}{complained}");
    assert!(said.contains(&format!("rebuilt from {} messages", world.events.len())), "{said}");
    assert!(said.contains("differences: 0"), "{said}");
    shows_all().await.expect("the reader has noticed the switch");
}

#[test]
fn a_mistake_in_the_settings_is_one_line() {
    for (arguments, status, said) in [
        (vec!["--set", "role=writer"], 2, "role"),
        (vec!["--set", "colour=red"], 2, "colour"),
        (vec!["--listen", "127.0.0.1:0", "--views", "postgres://localhost/views"], 1, "views"),
        (vec!["rebuild", "--views", "views.sqlite"], 1, "views"),
    ] {
        let output = run(&arguments);
        let complained = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {complained}");
        assert!(
            complained.lines().last().is_some_and(|line| line.contains(said)),
            "{arguments:?}: {complained}"
        );
    }
    assert!(text(&run(&["--help"]).stdout).contains("rebuild"));
    assert!(text(&run(&["--version"]).stdout).starts_with("account-history "));
}
