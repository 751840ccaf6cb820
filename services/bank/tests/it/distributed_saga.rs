//! What only happens to a transfer when a service is away: four processes on real servers, one of them stopped
//! while the transfer waits for it.

use futures::future::join_all;

use crate::stage::processes::Processes;
use crate::stage::{event_recorded, has_read, stored_events, verified};

/// Cancelled before the accounts service has seen it; the answer to the debit decides what happens to the money.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_is_cancelled_while_the_accounts_service_is_away() {
    let mut processes = Processes::start(&[]).await;
    let bank = processes.bank();
    let (ada, charles) = (bank.open(100).await, bank.open(0).await);
    bank.balance_becomes(&ada, 100).await;
    processes.kill("accounts");

    let transfer = bank.start_transfer(&ada, &charles, 60).await.expect(202).id();
    assert_eq!(bank.cancel(&transfer).await.expect(202).state(), "cancelling");
    processes.start_missing(&[]);

    let bank = processes.bank();
    assert_eq!(bank.ended(&transfer).await.state(), "cancelled");
    verified(&processes.sources().await).await;
    let document = bank.balance_becomes(&ada, 100).await;
    let debited_and_back = document.body["changes"].as_array().map(Vec::len);
    assert_eq!(debited_and_back, Some(3), "opened, debited, given back: {document:?}");
    bank.balance_becomes(&charles, 0).await;
}

/// The debit comes after the deadline and is refused for it: nothing moves.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_past_its_deadline_fails_when_the_accounts_service_is_back() {
    let mut processes =
        Processes::start(&[("transfers", "deadline=1s"), ("transfers", "sweep_interval=100ms")]).await;
    let bank = processes.bank();
    let (ada, charles) = (bank.open(100).await, bank.open(0).await);
    bank.balance_becomes(&ada, 100).await;
    processes.kill("accounts");

    let transfer = bank.start_transfer(&ada, &charles, 60).await.expect(202).id();
    let sources = processes.sources().await;
    event_recorded(&sources, "DeadlinePassed").await;
    processes.start_missing(&[]);

    let bank = processes.bank();
    let ended = bank.ended(&transfer).await;
    assert_eq!((ended.state(), ended.reason()), ("failed", "deadline-exceeded"));
    bank.balance_becomes(&ada, 100).await;
    bank.balance_becomes(&charles, 0).await;
    verified(&sources).await;
}

/// New consumer groups read Kafka's topics from their beginning, and then everything is published once more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn topics_replayed_from_the_start_and_every_message_twice_change_nothing() {
    let mut processes = Processes::start(&[]).await;
    let bank = processes.bank();
    let (ada, charles) = (bank.open(100).await, bank.open(0).await);
    let completed = bank.transfer(&ada, &charles, 60).await;
    assert_eq!(completed.state(), "completed");
    assert_eq!(bank.transfer(&ada, &charles, 1_000).await.reason(), "insufficient-funds");
    assert_eq!(bank.reverse(&completed.id()).await.expect(201).state(), "completed");
    let mut sources = processes.sources().await;
    verified(&sources).await;
    let events = stored_events(&sources).await;
    let shown = documents(&processes, [&ada, &charles]).await;

    for process in ["accounts", "transfers", "account-history"] {
        processes.kill(process);
    }
    processes.change_settings(&[
        ("accounts", "subscription_id=accounts-renamed"),
        ("transfers", "subscription_id=transfers-renamed"),
        ("account-history", "subscription_id=history-renamed"),
    ]);
    processes.start_missing(&[]);
    sources.history_subscription_id = "history-renamed".to_owned();
    let everything_is_read = async || {
        has_read(&sources, "accounts-renamed", &["transfer"]).await;
        has_read(&sources, "transfers-renamed", &["account"]).await;
        has_read(&sources, "history-renamed", &["account", "transfer"]).await;
    };
    everything_is_read().await;
    verified(&sources).await;
    assert_eq!(stored_events(&sources).await, events, "replayed from the start");

    for topic in ["bank.account", "bank.transfer"] {
        let once = sources.bus.read_topic(topic).await.expect("the topic can be read");
        assert!(!once.is_empty(), "{topic}");
        let again = once.into_iter().map(|delivery| delivery.message).collect();
        sources.bus.publish(again).await.expect("the bus takes messages");
    }
    everything_is_read().await;
    verified(&sources).await;
    assert_eq!(stored_events(&sources).await, events, "every message twice");
    assert_eq!(documents(&processes, [&ada, &charles]).await, shown);
}

async fn documents(processes: &Processes, accounts: [&String; 2]) -> Vec<serde_json::Value> {
    let bank = &processes.bank();
    let read = accounts
        .map(|account| async move { bank.get(&format!("/v1/accounts/{account}")).await.expect(200).body });
    join_all(read).await
}
