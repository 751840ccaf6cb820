//! The gateway as a process: how it starts, how it ends, and what it says when it cannot start.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use test_support::{Service, eventually};

const BINARY: &str = env!("CARGO_BIN_EXE_api-gateway");

fn start(folder: &Path) -> Service {
    let keys = format!("tokens.keys=folder:{}", folder.join("keys").display());
    let audit = format!("audit=sqlite://{}", folder.join("audit.sqlite").display());
    let arguments = ["--listen", "127.0.0.1:0", "--set", &keys, "--set", &audit];
    Service::start(Path::new(BINARY), arguments, [("BANK_LOG", "info")], &folder.join("log"))
}

fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(BINARY).args(arguments).envs(variables.iter().copied()).output().unwrap()
}

#[tokio::test]
async fn it_prints_its_address_and_ends_cleanly_on_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    let mut gateway = start(folder.path());
    let answer = reqwest::get(format!("{}/livez", gateway.url)).await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "ok\n");
    let metrics = reqwest::get(format!("{}/metrics", gateway.url)).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("http_requests_total"), "{metrics}");
    gateway.terminate();
    let status = eventually(|| std::future::ready(gateway.ended().ok_or("still there"))).await;
    assert!(status.success(), "{status}");
}

#[test]
fn a_wrong_setting_is_one_line_and_status_2() {
    for (arguments, variables, expected) in [
        (vec!["--listen", "8080"], vec![], "--listen: setting `listen`"),
        (vec!["--store", "sqlite://x"], vec![], "--store: unknown setting `store`"),
        (vec!["--set", "acounts_url=http://h:1"], vec![], "did you mean `accounts_url`?"),
        (vec![], vec![("BANK_ACCOUNTS_URL", "https://h")], "environment variable BANK_ACCOUNTS_URL"),
        (vec!["--set", "request_timeout=1s"], vec![], "`request_timeout`: must be more than"),
        (vec!["--log", "a=b=c"], vec![], "`log`"),
        (vec!["--config", "/nowhere.toml"], vec![], "settings file /nowhere.toml"),
    ] {
        let output = run(&arguments, &variables);
        let line = String::from_utf8(output.stderr).unwrap();
        let line =
            line.lines().filter(|line| line.starts_with("api-gateway: ")).collect::<Vec<_>>().join("\n");
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert!(line.contains(expected) && line.lines().count() == 1, "{line}");
        assert!(output.stdout.is_empty());
    }
}

#[tokio::test]
async fn it_ends_when_whoever_started_it_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let mut gateway = Command::new(BINARY)
        .args(["--listen", "127.0.0.1:0"])
        // Its keys and its audit log are in folders of the current one, unless the settings say otherwise.
        .current_dir(folder.path())
        .env("BANK_STOP_WITH_STDIN", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(gateway.stdin.take());
    let status = eventually(|| std::future::ready(gateway.try_wait().unwrap().ok_or("still there"))).await;
    assert!(status.success(), "{status}");
}

#[test]
fn a_taken_port_is_one_line_and_status_1() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&["--listen", &address, "--log", "error"], &[]);
    let line = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{line}");
    assert!(line.starts_with(&format!("api-gateway: cannot listen on {address}: ")), "{line}");
    assert_eq!(line.lines().count(), 1, "{line}");
}

#[test]
fn help_names_every_flag_that_is_of_use() {
    let help = String::from_utf8(run(&["--help"], &[]).stdout).unwrap();
    for flag in ["--listen", "--config", "--log", "--log-format", "--set", "BANK_LISTEN"] {
        assert!(help.contains(flag), "{help}");
    }
    assert!(!help.contains("--store"), "{help}");
    assert!(help.starts_with("The edge of the bank"), "{help}");
}
