//! What operators look at, as the binary prints it beside a bank that runs: events, a transfer's hops, what is stuck, and
//! what they do about it.

use std::path::Path;
use std::process::{Command, Output};

use test_support::eventually;
use uuid::Uuid;

use crate::stage::{Overrides, Stage, event_recorded};

/// The binary on the data folder of a bank that runs beside.
async fn bank(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bank"));
    command.args(arguments).arg("--data-dir").arg(folder);
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("no panic");
    output.expect("the binary runs")
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

/// Exactly one line on stderr, which says this, and the exit status.
#[track_caller]
fn assert_refused(output: &Output, status: i32, expected: &str) {
    let told = printed(output);
    assert_eq!(output.status.code(), Some(status), "{told}");
    assert!(told.contains(expected), "expected `{expected}` in {told}");
    assert!(status == 2 || told.trim_end().lines().count() == 1, "{told}");
}

/// Out of time at once by the machine's clock, and nobody presses but who is asked to.
fn hurried(overrides: Overrides) -> Overrides {
    overrides.set("deadline", "3s").set("sweep_interval", "1h")
}

async fn is_stuck(folder: &Path, id: &str) -> String {
    eventually(|| async {
        let told = printed(&bank(folder, &["stuck"]).await);
        if told.contains(id) { Ok(told) } else { Err(told) }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_is_followed_over_all_services() {
    let stage = Stage::embedded().await;
    let (ada, charles) = (stage.bank().open(100).await, stage.bank().open(0).await);
    let id = stage.bank().transfer(&ada, &charles, 60).await.id();
    stage.settled().await;

    let told = printed(&bank(stage.folder(), &["transfer", &id]).await);
    for expected in [
        "MoneyTransferCreated",
        "AccountDebited",
        "CreditRecorded",
        "published and consumed",
        "the view has version 3",
        &format!("completed: 0.60 USD are in account {charles}"),
    ] {
        assert!(told.contains(expected), "expected `{expected}` in {told}");
    }
    let events = printed(&bank(stage.folder(), &["events", &ada, "--type", "AccountDebited"]).await);
    assert!(events.contains("0.60 USD, balance 0.40 USD"), "{events}");
    assert_eq!(events.lines().count(), 1, "{events}");
    let json = bank(stage.folder(), &["events", &id, "--json"]).await;
    let types: Vec<String> = String::from_utf8_lossy(&json.stdout)
        .lines()
        .map(|line| serde_json::from_str::<event_store::RecordedEvent>(line).expect("an event").event_type)
        .collect();
    assert_eq!(types, ["MoneyTransferCreated", "DebitRecorded", "CreditRecorded"]);
    assert_eq!(printed(&bank(stage.folder(), &["dead-letters"]).await), "0 keys wait\n");
    assert_eq!(printed(&bank(stage.folder(), &["stuck"]).await), "0 transfers are past their deadline\n");
    stage.end().await;
}

/// The credit was never asked for: giving up gives the money back, once, however often and by whomever it is asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_that_is_given_up_gives_the_money_back() {
    let stage = Stage::embedded_with(hurried).await;
    let (ada, charles) = (stage.bank().open(100).await, stage.bank().open(0).await);
    let gate = stage.hold("accounts", "DebitRecorded");
    let id = stage.bank().start_transfer(&ada, &charles, 60).await.expect(202).id();
    event_recorded(stage.sources(), "DebitRecorded").await;
    let told = is_stuck(stage.folder(), &id).await;
    assert!(told.contains("in flight: debited from account"), "{told}");
    assert!(told.contains("not consumed: accounts is") || told.contains("outbox"), "{told}");

    let by = ["--operator", "olive", "--reason", "asked by phone"];
    let compensate = [["stuck", "compensate", &id].as_slice(), &by].concat();
    let retry = [["stuck", "retry", &id].as_slice(), &by].concat();
    let pressed = tokio::join!(
        bank(stage.folder(), &compensate),
        bank(stage.folder(), &compensate),
        bank(stage.folder(), &retry)
    );
    for output in [&pressed.0, &pressed.1, &pressed.2] {
        assert!(output.status.success(), "{}", printed(output));
    }
    gate.open();

    let ended = stage.bank().ended(&id).await;
    assert_eq!((ended.state(), ended.reason()), ("failed", "deadline-exceeded"));
    stage.bank().balance_becomes(&ada, 100).await;
    let events = printed(&bank(stage.folder(), &["events", &id, "--type", "InterventionRecorded"]).await);
    assert_eq!(events.matches("operator operator:olive").count(), 3, "{events}");
    let again = bank(stage.folder(), &compensate).await;
    assert_refused(&again, 1, "the transfer is failed: it has ended, and no step of it is pending");
    stage.end().await;
}

/// The credit is committed and its answer on the way: giving up and the sweeper come too late, and it completes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn giving_up_loses_against_the_answer_that_was_first() {
    let stage =
        Stage::embedded_with(|config| config.set("deadline", "3s").set("sweep_interval", "20ms")).await;
    let (ada, charles) = (stage.bank().open(100).await, stage.bank().open(0).await);
    let gate = stage.hold("transfers", "AccountCredited");
    let id = stage.bank().start_transfer(&ada, &charles, 60).await.expect(202).id();
    stage.bank().balance_becomes(&charles, 60).await;
    is_stuck(stage.folder(), &id).await;
    stage.let_the_deadline_pass();
    let output = bank(stage.folder(), &["stuck", "compensate", &id, "--operator", "olive"]).await;
    assert!(output.status.success(), "{}", printed(&output));
    event_recorded(stage.sources(), "DeadlinePassed").await;
    gate.open();

    assert_eq!(stage.bank().ended(&id).await.state(), "completed");
    stage.bank().balance_becomes(&ada, 40).await;
    stage.end().await;
}

/// An answer whose message is lost is said again by a retry, and the transfer ends as it was answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_has_a_lost_answer_said_again() {
    let stage = Stage::embedded_with(hurried).await;
    let (ada, charles) = (stage.bank().open(100).await, stage.bank().open(0).await);
    stage.lose_once("transfers", "AccountCredited");
    let id = stage.bank().start_transfer(&ada, &charles, 60).await.expect(202).id();
    stage.bank().balance_becomes(&charles, 60).await;
    is_stuck(stage.folder(), &id).await;
    let output = bank(stage.folder(), &["stuck", "retry", &id, "--operator", "olive"]).await;
    assert!(output.status.success(), "{}", printed(&output));
    assert_eq!(stage.bank().ended(&id).await.state(), "completed");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_told_in_one_line_and_changes_nothing() {
    let stage = Stage::embedded().await;
    let (ada, charles) = (stage.bank().open(100).await, stage.bank().open(0).await);
    let gate = stage.hold("accounts", "DebitRecorded");
    let id = stage.bank().start_transfer(&ada, &charles, 60).await.expect(202).id();
    event_recorded(stage.sources(), "DebitRecorded").await;
    let nobody = Uuid::now_v7().to_string();
    let by = ["--operator", "olive"];
    let folder = stage.folder();
    for arguments in [["transfer"].as_slice(), &["events"], &["stuck", "retry", "--operator", "olive"]] {
        let output = bank(folder, &[arguments, &[nobody.as_str()]].concat()).await;
        assert_refused(&output, 1, &nobody);
        assert_refused(&bank(folder, &[arguments, &["no-id"]].concat()).await, 2, "no-id");
    }
    let early = bank(folder, &[["stuck", "compensate", &id].as_slice(), &by].concat()).await;
    assert_refused(&early, 1, "only one past its deadline can be given up");
    assert_refused(&bank(folder, &["stuck", "retry", &id]).await, 2, "--operator");
    let wrong_type = bank(folder, &["events", &id, "--type", "LoanGranted"]).await;
    assert_refused(&wrong_type, 2, "expected an event type");
    assert_refused(&bank(folder, &["dead-letters", "show", &id]).await, 1, "no message of");
    let events = printed(&bank(folder, &["events", &id]).await);
    assert_eq!(events.lines().count(), 2, "{events}");
    gate.open();
    assert_eq!(stage.bank().ended(&id).await.state(), "completed");
    stage.end().await;
}
