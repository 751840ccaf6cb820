//! Processes that are killed for real: whatever was acknowledged is there afterwards, and nothing twice.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::Duration;

use bank::verify::Sources;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tempfile::TempDir;
use test_support::{Service, TestTokens, eventually};

use crate::client::{Bank, fresh_key, transfer};
use crate::stage::verified;

const ACCOUNTS: usize = 6;
const EACH: u64 = 10_000;

/// The places of a transfer's path at which the embedded bank is killed, and how often it passes them first.
const PLACES: [&str; 6] = [
    "store.after_append:7",
    "store.after_append:23",
    "relay.after_publish:5",
    "subscription.after_handle:9",
    "projector.after_view_write:4",
    "projector.after_view_write:11",
];

pub(crate) fn start_bank(dir: &Path, fault: Option<&str>) -> Service {
    let binary = Path::new(env!("CARGO_BIN_EXE_bank"));
    let data = dir.join("data");
    let arguments = ["--listen", "127.0.0.1:0", "--log", "warn", "--data-dir"];
    let arguments =
        arguments.iter().map(|argument| (*argument).to_owned()).chain([data.display().to_string()]);
    let fault = fault.map(|fault| ("BANK_FAULT", fault.to_owned()));
    Service::start(binary, arguments, fault, &dir.join("bank.log"))
}

/// The keys of the bank whose data lie in `dir`.
pub(crate) fn tokens_in(dir: &Path) -> TestTokens {
    TestTokens::in_folder(&dir.join("data/token-keys"))
}

/// What a client was told: transfers accepted, under which key, and the amounts.
#[derive(Default)]
struct Told {
    accepted: Vec<(String, String)>,
    unanswered: Vec<(String, serde_json::Value)>,
}

/// Sends transfers between the accounts until the bank stops answering, or `count` were sent.
async fn send_transfers(bank: &Bank, accounts: &[String], count: usize) -> Told {
    let mut told = Told::default();
    let mut under_way = FuturesUnordered::new();
    for number in 0..count {
        let (from, to) = (number % accounts.len(), (number * 5 + 1) % accounts.len());
        let to = if from == to { (to + 1) % accounts.len() } else { to };
        let body = transfer(&accounts[from], &accounts[to], 1 + (number as u64 % 50));
        let key = fresh_key();
        let bank = bank.clone();
        under_way.push(async move {
            let headers = [("idempotency-key", key.as_str()), ("content-type", "application/json")];
            let text = Some(body.to_string());
            let answer = bank.call(reqwest::Method::POST, "/v1/transfers", &headers, text).await;
            (key, body, answer)
        });
        if under_way.len() >= 8 {
            take(under_way.next().await, &mut told);
        }
    }
    while let Some(answered) = under_way.next().await {
        take(Some(answered), &mut told);
    }
    told
}

type Answered = (String, serde_json::Value, Result<crate::client::Answer, reqwest::Error>);

fn take(answered: Option<Answered>, told: &mut Told) {
    match answered {
        Some((key, _, Ok(answer))) if answer.status == 202 => told.accepted.push((key, answer.id())),
        Some((key, body, _)) => told.unanswered.push((key, body)),
        None => {}
    }
}

/// Everything that was accepted ends, and a client that repeats what was not answered gets one effect.
async fn nothing_is_lost(bank: &Bank, told: &Told) {
    let repeated = futures::stream::iter(&told.unanswered).map(|(key, body)| async move {
        let accepted = eventually(|| async {
            let headers = [("idempotency-key", key.as_str())];
            let answer = bank.post("/v1/transfers", &headers, body.clone()).await;
            if answer.status == 202 { Ok(answer) } else { Err(answer) }
        })
        .await;
        accepted.id()
    });
    let repeated: Vec<String> = repeated.buffer_unordered(16).collect().await;
    let ids = told.accepted.iter().map(|(_, id)| id).chain(&repeated);
    futures::stream::iter(ids).for_each_concurrent(16, async |id| drop(bank.ended(id).await)).await;
}

/// Waits for the process to have died by itself.
pub(crate) async fn has_ended(service: &mut Service) -> std::process::ExitStatus {
    let service = std::cell::RefCell::new(service);
    eventually(|| async { service.borrow_mut().ended().ok_or("it still runs: the place was never passed") })
        .await
}

async fn killed_at(place: &'static str) {
    let dir = TempDir::new().expect("a folder");
    let mut service = start_bank(dir.path(), None);
    let bank = Bank::at(&service.url, tokens_in(dir.path()));
    let mut accounts = Vec::new();
    for _ in 0..ACCOUNTS {
        accounts.push(bank.open(EACH).await);
    }
    bank.balance_becomes(&accounts[ACCOUNTS - 1], EACH).await;
    service.kill();

    let mut service = start_bank(dir.path(), Some(place));
    let told = send_transfers(&Bank::at(&service.url, tokens_in(dir.path())), &accounts, 60).await;
    let status = has_ended(&mut service).await;
    assert_eq!(status.signal(), Some(9), "{place}: killed, not ended");

    let service = start_bank(dir.path(), None);
    let bank = Bank::at(&service.url, tokens_in(dir.path()));
    nothing_is_lost(&bank, &told).await;
    let sources = Sources::in_data_dir(&dir.path().join("data")).await.expect("the files can be read");
    verified(&sources).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_embedded_bank_killed_at_each_place() {
    futures::stream::iter(PLACES).for_each_concurrent(2, killed_at).await;
}

/// Killed again and again under load, whatever it was doing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_embedded_bank_killed_under_load() {
    let dir = TempDir::new().expect("a folder");
    let mut service = start_bank(dir.path(), None);
    let bank = Bank::at(&service.url, tokens_in(dir.path()));
    let mut accounts = Vec::new();
    for _ in 0..ACCOUNTS {
        accounts.push(bank.open(EACH).await);
    }
    let mut all = Told::default();
    for round in 0..4 {
        let bank = Bank::at(&service.url, tokens_in(dir.path()));
        let load = tokio::spawn({
            let accounts = accounts.clone();
            async move { send_transfers(&bank, &accounts, 80).await }
        });
        // Not a wait for something to have happened: the moment of the kill is meant to fall anywhere.
        tokio::time::sleep(Duration::from_millis(40 + 60 * round)).await;
        service.kill();
        let told = load.await.expect("the load ends by itself");
        all.accepted.extend(told.accepted);
        all.unanswered.extend(told.unanswered);
        service = start_bank(dir.path(), None);
    }
    nothing_is_lost(&Bank::at(&service.url, tokens_in(dir.path())), &all).await;
    let sources = Sources::in_data_dir(&dir.path().join("data")).await.expect("the files can be read");
    verified(&sources).await;
}

#[cfg(feature = "distributed")]
mod distributed {
    //! Each process of the distributed bank in turn, then all of them, under load.

    use super::*;
    use crate::stage::processes::{PROCESSES, Processes};

    async fn open_accounts(bank: &Bank) -> Vec<String> {
        let mut accounts = Vec::new();
        for _ in 0..ACCOUNTS {
            accounts.push(bank.open(EACH).await);
        }
        accounts
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn each_process_in_turn_then_all_killed_under_load() {
        let mut processes = Processes::start(&[]).await;
        let accounts = open_accounts(&processes.bank()).await;
        let mut all = Told::default();
        let rounds = PROCESSES.iter().map(|name| vec![*name]).chain([PROCESSES.to_vec()]);
        for victims in rounds {
            let bank = processes.bank();
            let load = tokio::spawn({
                let accounts = accounts.clone();
                async move { send_transfers(&bank, &accounts, 60).await }
            });
            // Not a wait for something to have happened: the moment of the kill is meant to fall anywhere.
            tokio::time::sleep(Duration::from_millis(150)).await;
            for victim in &victims {
                processes.kill(victim);
            }
            let told = load.await.expect("the load ends by itself");
            all.accepted.extend(told.accepted);
            all.unanswered.extend(told.unanswered);
            processes.start_missing(&[]);
        }
        nothing_is_lost(&processes.bank(), &all).await;
        verified(&processes.sources().await).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn processes_killed_at_each_place() {
        let mut processes = Processes::start(&[]).await;
        let accounts = open_accounts(&processes.bank()).await;
        let mut all = Told::default();
        for (victim, place) in [
            ("accounts", "store.after_append:9"),
            ("accounts", "relay.after_publish:4"),
            ("transfers", "store.after_append:12"),
            ("transfers", "subscription.after_handle:5"),
            ("account-history", "projector.after_view_write:4"),
        ] {
            processes.kill(victim);
            processes.start_missing(&[(victim, place)]);
            let told = send_transfers(&processes.bank(), &accounts, 60).await;
            all.accepted.extend(told.accepted);
            all.unanswered.extend(told.unanswered);
            has_ended(processes.process(victim).as_mut().expect("the victim was started")).await;
            processes.kill(victim);
            processes.start_missing(&[]);
        }
        nothing_is_lost(&processes.bank(), &all).await;
        verified(&processes.sources().await).await;
    }
}
