//! The four rules of the saga, each provoked: messages are held at the gate until the race has happened.

use futures::future::join_all;
use serde_json::json;
use uuid::Uuid;

use crate::client::{fresh_key, transfer};
use crate::stage::{Overrides, Stage, event_recorded, has_read, stored_events};

/// Only an account's answer moves the saga: the debit is committed, but the transfer has not seen it.
#[tokio::test]
async fn cancelling_while_the_debit_is_committed_gives_the_money_back() {
    let stage = Stage::embedded().await;
    let bank = stage.bank();
    let (ada, charles) = (bank.open(100).await, bank.open(0).await);
    let gate = stage.hold("transfers", "AccountDebited");

    let transfer = bank.start_transfer(&ada, &charles, 60).await.expect(202).id();
    bank.balance_becomes(&ada, 40).await;
    let cancelled = bank.cancel(&transfer).await.expect(202);
    assert_eq!(cancelled.state(), "cancelling");
    assert_eq!(bank.cancel(&transfer).await.expect(202).state(), "cancelling");
    gate.open();

    assert_eq!(bank.ended(&transfer).await.state(), "cancelled");
    bank.balance_becomes(&ada, 100).await;
    bank.balance_becomes(&charles, 0).await;
    stage.end().await;
}

#[tokio::test]
async fn cancelling_before_a_refused_debit_cancels() {
    let stage = Stage::embedded().await;
    let bank = stage.bank();
    let (ada, charles) = (bank.open(10).await, bank.open(0).await);
    let gate = stage.hold("transfers", "AccountDebitRejected");
    let transfer = bank.start_transfer(&ada, &charles, 60).await.expect(202).id();
    bank.cancel(&transfer).await.expect(202);
    gate.open();
    assert_eq!(bank.ended(&transfer).await.state(), "cancelled");
    bank.balance_becomes(&ada, 10).await;
    stage.end().await;
}

/// The first request waits for the end of its transfer, and its repetition is not made to wait beside it.
#[tokio::test]
async fn a_key_whose_first_request_still_waits_is_in_use() {
    let stage = Stage::embedded().await;
    let bank = stage.bank();
    let (ada, charles) = (bank.open(100).await, bank.open(0).await);
    let gate = stage.hold("transfers", "AccountDebited");
    let key = fresh_key();
    let headers = [("idempotency-key", key.as_str()), ("prefer", "wait=30")];

    let first = bank.post("/v1/transfers", &headers, transfer(&ada, &charles, 60));
    let repetition = async {
        event_recorded(stage.sources(), "MoneyTransferCreated").await;
        let told = bank.post("/v1/transfers", &headers, transfer(&ada, &charles, 60)).await;
        let told = told.expect_problem(409, "idempotency-key-in-use");
        assert_eq!(told.header("retry-after"), "1");
        // Keys are the caller's own.
        let other = bank.as_customer(Uuid::now_v7());
        other.post("/v1/transfers", &headers[..1], transfer(&charles, &ada, 60)).await.expect(202);
        gate.open();
    };
    let (first, ()) = tokio::join!(first, repetition);

    assert_eq!(first.expect(201).state(), "completed");
    let again = bank.post("/v1/transfers", &headers, transfer(&ada, &charles, 60)).await.expect(201);
    assert_eq!(again.header("idempotent-replayed"), "true");
    bank.balance_becomes(&ada, 40).await;
    stage.end().await;
}

#[tokio::test]
async fn a_debit_past_the_deadline_is_refused() {
    let stage = Stage::embedded_with(|config| config.set("deadline", "0s")).await;
    let bank = stage.bank();
    let (ada, charles) = (bank.open(100).await, bank.open(0).await);
    let answer = bank.transfer(&ada, &charles, 60).await;
    assert_eq!((answer.state(), answer.reason()), ("failed", "deadline-exceeded"));
    bank.balance_becomes(&ada, 100).await;
    stage.end().await;
}

#[tokio::test]
async fn a_credit_past_the_deadline_gives_the_money_back() {
    let stage = Stage::embedded_with(watchful).await;
    let bank = stage.bank();
    let (ada, charles) = (bank.open(100).await, bank.open(0).await);
    let gate = stage.hold("accounts", "DebitRecorded");
    let transfer = bank.start_transfer(&ada, &charles, 60).await.expect(202).id();
    event_recorded(stage.sources(), "DebitRecorded").await;
    stage.let_the_deadline_pass();
    event_recorded(stage.sources(), "DeadlinePassed").await;
    gate.open();

    let ended = bank.ended(&transfer).await;
    assert_eq!((ended.state(), ended.reason()), ("failed", "deadline-exceeded"));
    bank.balance_becomes(&ada, 100).await;
    stage.end().await;
}

/// Giving up is a command to the same account under the same id: the credit came first, so it is the answer.
#[tokio::test]
async fn giving_up_on_a_credit_that_is_committed_completes_the_transfer() {
    let stage = Stage::embedded_with(watchful).await;
    let bank = stage.bank();
    let (ada, charles) = (bank.open(100).await, bank.open(0).await);
    let gate = stage.hold("transfers", "AccountCredited");
    let transfer = bank.start_transfer(&ada, &charles, 60).await.expect(202).id();
    bank.balance_becomes(&charles, 60).await;
    stage.let_the_deadline_pass();
    event_recorded(stage.sources(), "DeadlinePassed").await;
    gate.open();

    assert_eq!(bank.ended(&transfer).await.state(), "completed");
    bank.balance_becomes(&ada, 40).await;
    bank.balance_becomes(&charles, 60).await;
    stage.end().await;
}

/// An answer that never arrives: its message is lost for good, and the sweeper has it said again.
#[tokio::test]
async fn a_lost_answer_is_asked_for_again() {
    let stage = Stage::embedded_with(watchful).await;
    let bank = stage.bank();
    let (ada, charles) = (bank.open(100).await, bank.open(0).await);
    stage.lose_once("transfers", "AccountCredited");
    let transfer = bank.start_transfer(&ada, &charles, 60).await.expect(202).id();
    bank.balance_becomes(&charles, 60).await;
    stage.let_the_deadline_pass();
    assert_eq!(bank.ended(&transfer).await.state(), "completed");
    bank.balance_becomes(&charles, 60).await;
    stage.end().await;
}

/// One command id a step: another subscription name reads every step again and changes nothing.
#[tokio::test]
async fn steps_repeated_under_another_subscription_name_change_nothing() {
    let stage = Stage::embedded().await;
    let bank = stage.bank();
    let (ada, charles) = (bank.open(100).await, bank.open(0).await);
    let completed = bank.transfer(&ada, &charles, 60).await.id();
    bank.transfer(&ada, &charles, 1_000).await;
    bank.reverse(&completed).await.expect(201);
    let bulk = bank.bulk_transfer(&ada, &[(&charles, 1), (&charles, 2)]).await;
    bank.lines_ended(&bulk).await;
    stage.settled().await;
    let before = stored_events(stage.sources()).await;

    let stage = stage
        .restart_with(|config| {
            config
                .set("accounts_subscription_id", "accounts-renamed")
                .set("transfers_subscription_id", "transfers-renamed")
                .set("history_subscription_id", "history-renamed")
        })
        .await;
    has_read(stage.sources(), "accounts-renamed", &["transfer", "bulk-transfer"]).await;
    has_read(stage.sources(), "transfers-renamed", &["account", "transfer", "bulk-transfer"]).await;
    has_read(stage.sources(), "history-renamed", &["account", "transfer"]).await;
    stage.settled().await;

    assert_eq!(stored_events(stage.sources()).await, before);
    stage.bank().balance_becomes(&ada, 97).await;
    stage.end().await;
}

/// Every message is delivered twice, and nothing changes.
#[tokio::test]
async fn every_message_delivered_twice_changes_nothing() {
    let stage = Stage::embedded().await;
    stage.deliver_everything_twice();
    let bank = stage.bank();
    let (ada, charles) = (bank.open(100).await, bank.open(0).await);
    let completed = bank.transfer(&ada, &charles, 60).await;
    assert_eq!(completed.state(), "completed");
    assert_eq!(bank.reverse(&completed.id()).await.expect(201).state(), "completed");
    assert_eq!(bank.transfer(&ada, &charles, 1_000).await.state(), "failed");
    let document = bank.balance_becomes(&ada, 100).await;
    assert_eq!(document.body["changes"].as_array().map(Vec::len), Some(3), "{document:?}");
    stage.end().await;
}

/// A reversal after completion is a new transfer, and there is only one at a time.
#[tokio::test]
async fn two_reversals_at_once_are_one() {
    let stage = Stage::embedded().await;
    let bank = stage.bank();
    let (ada, charles) = (bank.open(100).await, bank.open(0).await);
    let original = bank.transfer(&ada, &charles, 60).await.id();
    let path = format!("/v1/transfers/{original}/reverse");
    let answers = join_all((0..8).map(|_| async {
        let key = fresh_key();
        bank.post(&path, &[("idempotency-key", key.as_str()), ("prefer", "wait=30")], json!({})).await
    }))
    .await;

    let started: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(started.len(), 1, "{answers:?}");
    let refused = answers.iter().filter(|answer| answer.status == 409 && answer.code() == "already-reversed");
    assert_eq!(refused.count(), 7, "{answers:?}");
    bank.balance_becomes(&ada, 100).await;
    bank.balance_becomes(&charles, 0).await;
    stage.end().await;
}

/// A reversal of a debit is always accepted; the money of a closed account waits to be paid out.
#[tokio::test]
async fn a_refund_into_a_closed_account_waits_to_be_paid_out() {
    let stage = Stage::embedded().await;
    let bank = stage.bank();
    let (ada, charles) = (bank.open(60).await, bank.open(0).await);
    bank.change(&charles, "freeze").await.expect(200);
    let gate = stage.hold("transfers", "AccountCreditRejected");
    let transfer = bank.start_transfer(&ada, &charles, 60).await.expect(202).id();
    bank.balance_becomes(&ada, 0).await;
    bank.change(&ada, "close").await.expect(200);
    gate.open();

    let ended = bank.ended(&transfer).await;
    assert_eq!((ended.state(), ended.reason()), ("failed", "account-frozen"));
    assert_eq!(bank.balance_becomes(&ada, 60).await.state(), "closed-with-balance");
    bank.deposit(&ada, 1).await.expect_problem(409, "account-closed");
    bank.withdraw(&ada, 61).await.expect_problem(409, "insufficient-funds");
    bank.withdraw(&ada, 60).await.expect(200);
    assert_eq!(bank.balance_becomes(&ada, 0).await.state(), "closed");
    stage.end().await;
}

/// The tests move the clock themselves; the sweeper only has to look often.
pub(crate) fn watchful(overrides: Overrides) -> Overrides {
    overrides.set("sweep_interval", "20ms").set("sweep_retry", "1s")
}
