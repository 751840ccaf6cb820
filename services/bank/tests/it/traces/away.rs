//! A collector that is not there, or does not answer: nobody notices but the log, once.

use std::time::{Duration, Instant};

use tempfile::TempDir;
use test_support::eventually;
use tokio::net::TcpListener;

use super::{send, start_bank};
use crate::client::Bank;
use crate::crash::tokens_in;

/// How long the bank may take to end: its drain, and what the last spans are given, on a busy machine.
const END: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    goes_on_without(&format!("http://{address}")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_listens_does_not_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    // Connections are taken, kept, and never read.
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok(connection) = listener.accept().await {
            kept.push(connection);
        }
    });
    goes_on_without(&format!("http://{address}")).await;
}

async fn goes_on_without(collector: &str) {
    let dir = TempDir::new().expect("a folder");
    let mut service = start_bank(dir.path(), collector, &[]);
    let bank = Bank::at(&service.url, tokens_in(dir.path()));
    let log = || std::fs::read_to_string(dir.path().join("bank.log")).expect("a log");
    let complaints = || log().lines().filter(|line| line.contains("takes no spans")).count();

    let (_, target) = send(&bank).await;
    bank.balance_becomes(&target, 5_500).await;
    eventually(|| async { if complaints() > 0 { Ok(()) } else { Err("no complaint") } }).await;
    let (_, target) = send(&bank).await;
    bank.balance_becomes(&target, 5_500).await;

    let asked = Instant::now();
    service.terminate();
    let ended = eventually(|| std::future::ready(service.ended().ok_or("it runs"))).await;
    assert!(ended.success(), "{ended}: {}", log());
    assert!(asked.elapsed() < END, "it took {:?} to end", asked.elapsed());
    assert_eq!(complaints(), 1, "{}", log());
}
