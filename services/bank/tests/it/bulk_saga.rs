//! The rules of the saga for bulk transfers, each provoked: messages are held, lost or repeated, and processes killed.

use bank::verify::Sources;
use tempfile::TempDir;
use test_support::eventually;

use crate::client::{Bank, atomic, fresh_key};
use crate::crash::{has_ended, start_bank, tokens_in};
use crate::saga_rules::watchful;
use crate::stage::{Stage, event_recorded, stored_events, verified};

#[tokio::test]
async fn every_message_delivered_twice_changes_nothing() {
    let stage = Stage::embedded().await;
    stage.deliver_everything_twice();
    let bank = stage.bank();
    let (ada, charles, frozen) = (bank.open(100).await, bank.open(0).await, bank.open(0).await);
    bank.change(&frozen, "freeze").await.expect(200);
    let bulk = bank.bulk_transfer(&ada, &[(&charles, 30), (&frozen, 20), (&charles, 5)]).await;
    let ends = bank.lines_ended(&bulk).await;
    assert_eq!(ends.iter().filter(|(state, _)| state == "completed").count(), 2, "{ends:?}");
    assert_eq!(bank.bulk_transfer(&ada, &[(&charles, 30), (&charles, 1_000)]).await.state(), "failed");
    let document = bank.balance_becomes(&ada, 65).await;
    assert_eq!(document.body["changes"].as_array().map(Vec::len), Some(5), "{document:?}");
    bank.balance_becomes(&charles, 35).await;
    stage.end().await;
}

/// The source was never asked in time, and is now asked to refuse.
#[tokio::test]
async fn past_its_deadline_a_bulk_transfer_that_was_not_debited_fails() {
    let stage = Stage::embedded_with(watchful).await;
    let bank = stage.bank();
    let (ada, charles) = (bank.open(100).await, bank.open(0).await);
    let gate = stage.hold("accounts", "BulkTransferCreated");
    let bulk = bank.start_bulk(&ada, &[(&charles, 60), (&charles, 5)]).await.id();
    stage.let_the_deadline_pass();
    event_recorded(stage.sources(), "BulkDeadlinePassed").await;
    gate.open();

    let ended = bank.bulk_ended(&bulk).await;
    assert_eq!((ended.state(), ended.reason()), ("failed", "deadline-exceeded"));
    bank.balance_becomes(&ada, 100).await;
    stage.end().await;
}

/// Giving up is a command to the same account under the same id: the debit came first, so it is the answer. Its lines are
/// past the deadline too, and come back one by one.
#[tokio::test]
async fn giving_up_on_a_debit_that_is_committed_starts_its_lines() {
    let stage = Stage::embedded_with(watchful).await;
    let bank = stage.bank();
    let (ada, charles) = (bank.open(100).await, bank.open(0).await);
    let gate = stage.hold("transfers", "AccountLinesDebited");
    let bulk = bank.start_bulk(&ada, &[(&charles, 60), (&charles, 5)]).await.id();
    bank.balance_becomes(&ada, 35).await;
    stage.assert_money_conserved().await;
    stage.let_the_deadline_pass();
    event_recorded(stage.sources(), "BulkDeadlinePassed").await;
    gate.open();

    let ended = bank.bulk_ended(&bulk).await;
    assert_eq!(ended.state(), "debited");
    let late = ("failed".to_owned(), "deadline-exceeded".to_owned());
    assert_eq!(bank.lines_ended(&ended).await, [late.clone(), late]);
    bank.balance_becomes(&ada, 100).await;
    stage.end().await;
}

/// An answer that never arrives: its message is lost for good, and the sweeper has it said again.
#[tokio::test]
async fn a_lost_answer_is_asked_for_again() {
    let stage = Stage::embedded_with(watchful).await;
    let bank = stage.bank();
    let (ada, charles) = (bank.open(100).await, bank.open(0).await);
    stage.lose_once("transfers", "AccountLinesDebited");
    let bulk = bank.start_bulk(&ada, &[(&charles, 60), (&charles, 5)]).await.id();
    bank.balance_becomes(&ada, 35).await;
    stage.let_the_deadline_pass();
    let ended = bank.bulk_ended(&bulk).await;
    assert_eq!(ended.state(), "debited");
    bank.lines_ended(&ended).await;
    bank.balance_becomes(&ada, 100).await;
    stage.end().await;
}

/// The message after which the lines are started never arrives; whoever looks for overdue ones starts them.
#[tokio::test]
async fn lines_whose_message_is_lost_are_started_all_the_same() {
    let stage = Stage::embedded_with(watchful).await;
    let bank = stage.bank();
    let (ada, charles) = (bank.open(100).await, bank.open(0).await);
    stage.lose_once("transfers", "BulkDebitRecorded");
    let bulk = bank.bulk_transfer(&ada, &[(&charles, 60), (&charles, 5)]).await;
    assert_eq!(bulk.state(), "debited");
    let waits = stage.report().await;
    assert_eq!((waits.findings.len(), waits.in_flight), (0, 1), "{waits:?}");
    stage.let_the_deadline_pass();
    event_recorded(stage.sources(), "BulkLinesStarted").await;
    bank.lines_ended(&bulk).await;
    bank.balance_becomes(&ada, 100).await;
    stage.end().await;
}

/// Nothing is asked of a line's source again, whoever reads the topics from their start.
#[tokio::test]
async fn a_bank_that_starts_again_finds_nothing_to_do() {
    let stage = Stage::embedded().await;
    let bank = stage.bank();
    let (ada, charles) = (bank.open(100).await, bank.open(0).await);
    let bulk = bank.bulk_transfer(&ada, &[(&charles, 60), (&charles, 5)]).await;
    bank.lines_ended(&bulk).await;
    stage.settled().await;
    let before = stored_events(stage.sources()).await;
    let stage = stage.restart_with(|config| config).await;
    stage.settled().await;
    assert_eq!(stored_events(stage.sources()).await, before);
    stage.end().await;
}

/// The places of a bulk transfer's path at which the bank is killed: each of its commits, and each handled batch.
const PLACES: [&str; 12] = [
    "store.after_append:1",
    "store.after_append:2",
    "store.after_append:3",
    "store.after_append:4",
    "store.after_append:5",
    "store.after_append:6",
    "store.after_append:7",
    "relay.after_publish:2",
    "relay.after_publish:3",
    "subscription.after_handle:2",
    "subscription.after_handle:3",
    "projector.after_view_write:2",
];

/// A client that repeats its request after the crash gets one effect, and every line ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bank_killed_at_each_place_of_a_bulk_transfer() {
    let dir = TempDir::new().expect("a folder");
    let data = dir.path().join("data");
    let mut service = start_bank(dir.path(), None);
    let bank = Bank::at(&service.url, tokens_in(dir.path()));
    let (ada, charles) = (bank.open(10_000).await, bank.open(0).await);
    let closed = bank.open(0).await;
    bank.change(&closed, "close").await.expect(200);
    bank.balance_becomes(&ada, 10_000).await;
    let lines: Vec<(&str, u64)> = (1..=10).map(|cents| (charles.as_str(), cents)).collect();
    let lines = [&lines[..], &[(closed.as_str(), 7)]].concat();
    for (paid, place) in (1..).zip(PLACES) {
        service.kill();
        service = start_bank(dir.path(), Some(place));
        let (key, body) = (fresh_key(), Some(atomic(&ada, &lines).to_string()));
        let headers = [("idempotency-key", key.as_str()), ("content-type", "application/json")];
        let bank = Bank::at(&service.url, tokens_in(dir.path()));
        // Whether it is answered before the bank dies is all the same.
        let _ = bank.call(reqwest::Method::POST, "/v1/bulk-transfers", &headers, body.clone()).await;
        has_ended(&mut service).await;

        service = start_bank(dir.path(), None);
        let bank = Bank::at(&service.url, tokens_in(dir.path()));
        let accepted = eventually(|| async {
            let answer = bank.post("/v1/bulk-transfers", &headers[..1], atomic(&ada, &lines)).await;
            if answer.status == 202 { Ok(answer) } else { Err(answer) }
        })
        .await;
        let ends = bank.lines_ended(&accepted).await;
        assert_eq!(ends.iter().filter(|(state, _)| state == "completed").count(), 10, "{place}: {ends:?}");
        bank.balance_becomes(&ada, 10_000 - 55 * paid).await;
        bank.balance_becomes(&charles, 55 * paid).await;
        let sources = Sources::in_data_dir(&data).await.expect("the files can be read");
        verified(&sources).await;
        sources.close().await;
    }
}
