//! The bank dies where a due date is recorded or carried out; each is carried out once all the same.

use std::path::Path;

use tempfile::TempDir;
use test_support::Service;

use super::*;
use crate::crash::tokens_in;
use crate::stage::verified;

fn start_bank(dir: &Path, fault: Option<&str>) -> Service {
    let data = dir.join("data").display().to_string();
    let arguments = ["--listen", "127.0.0.1:0", "--log", "warn", "--data-dir", &data];
    let fault = fault.map(|place| ("BANK_FAULT", place));
    Service::start(Path::new(env!("CARGO_BIN_EXE_bank")), arguments, fault, &dir.join("bank.log"))
}

async fn killed_at(place: &'static str) {
    let dir = TempDir::new().expect("a folder");
    let mut service = start_bank(dir.path(), None);
    let bank = Bank::at(&service.url, tokens_in(dir.path()));
    let (from, to) = (bank.open(1_000).await, bank.open(0).await);
    bank.balance_becomes(&from, 1_000).await;
    let mut orders = Vec::new();
    for seconds in [3, 3, 3, 4, 4, 5] {
        orders.push(bank.order(&from, &to, 10, due_in(seconds)).await.expect(201).id());
    }
    service.kill();

    let service = std::cell::RefCell::new(start_bank(dir.path(), Some(place)));
    eventually(|| async { service.borrow_mut().ended().ok_or("it still runs: the place was never passed") })
        .await;
    let service = start_bank(dir.path(), None);
    let bank = Bank::at(&service.url, tokens_in(dir.path()));
    for id in &orders {
        let shown = bank.carried_out(id, 1).await;
        assert_eq!(shown.body["transfers"][0]["state"], "completed", "{place}");
    }
    bank.balance_becomes(&to, 60).await;
    let sources = Sources::in_data_dir(&dir.path().join("data")).await.expect("the files can be read");
    verified(&sources).await;
    assert_eq!(came_due(&sources, &orders).await.len(), 6, "{place}");
    assert_eq!(transfers_of(&sources, &orders).await, 6, "{place}");
    sources.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bank_killed_after_it_recorded_a_due_date() {
    killed_at("transfers.after_due_date").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bank_killed_before_anybody_knew_of_the_due_date() {
    killed_at("store.after_append").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bank_killed_after_it_published_the_due_date() {
    killed_at("relay.after_publish").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bank_killed_after_it_created_the_transfer() {
    killed_at("subscription.after_handle:2").await;
}
