//! The bank dies where a due date is recorded or carried out; each is carried out once all the same.

use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;
use test_support::Service;

use super::*;
use crate::crash::tokens_in;
use crate::stage::verified;

fn arguments(dir: &Path) -> [String; 6] {
    let data = dir.join("data").display().to_string();
    ["--listen", "127.0.0.1:0", "--log", "warn", "--data-dir", &data].map(str::to_owned)
}

fn start_bank(dir: &Path) -> Service {
    let binary = Path::new(env!("CARGO_BIN_EXE_bank"));
    Service::start(binary, arguments(dir), None::<(&str, &str)>, &dir.join("bank.log"))
}

/// Starts the bank and waits until it has killed itself, which may be before it says where it serves.
async fn run_until_killed(dir: &Path, place: &str) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bank"));
    let command = command.args(arguments(dir)).env("BANK_STOP_WITH_STDIN", "1").env("BANK_FAULT", place);
    let command = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = std::cell::RefCell::new(command.spawn().expect("the binary runs"));
    eventually(|| async {
        let ended = child.borrow_mut().try_wait().expect("a child");
        ended.ok_or("it still runs: the place was never passed")
    })
    .await;
}

async fn killed_at(place: &'static str) {
    let dir = TempDir::new().expect("a folder");
    let mut service = start_bank(dir.path());
    let bank = Bank::at(&service.url, tokens_in(dir.path()));
    let (from, to) = (bank.open(1_000).await, bank.open(0).await);
    bank.balance_becomes(&from, 1_000).await;
    let mut orders = Vec::new();
    for seconds in [3, 3, 3, 4, 4, 5] {
        orders.push(bank.order(&from, &to, 10, due_in(seconds)).await.expect(201).id());
    }
    service.kill();

    run_until_killed(dir.path(), place).await;
    let service = start_bank(dir.path());
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
