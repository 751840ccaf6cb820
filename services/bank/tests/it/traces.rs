//! One transfer is one trace, over all processes that it passes; and nothing of a person is in it.

mod away;
mod measured;
mod walk;

use std::path::Path;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use test_support::{Collector, Service, eventually, eventually_within};

use crate::client::{Bank, fresh_key, transfer};
use crate::crash::tokens_in;
use crate::leaks;
use crate::stage::processes::{PROCESSES, Processes};
use walk::Walk;

/// In the memo of every transfer here.
const MEMO: &str = "for the planted roses";

/// The bank in one process of its own, which sends spans there.
fn start_bank(dir: &Path, collector: &str, more: &[&str]) -> Service {
    let data = dir.join("data").display().to_string();
    let arguments = ["--listen", "127.0.0.1:0", "--data-dir", &data, "--traces", collector];
    let arguments = arguments.iter().chain(more).map(|argument| (*argument).to_owned());
    let binary = Path::new(env!("CARGO_BIN_EXE_bank"));
    Service::start(binary, arguments, None::<(&str, &str)>, &dir.join("bank.log"))
}

/// Makes a transfer with a memo that completes; gives its id and its target.
async fn send(bank: &Bank) -> (String, String) {
    let (ada, charles) = (bank.open(10_000).await, bank.open(0).await);
    let mut body = transfer(&ada, &charles, 5_500);
    body["memo"] = json!(MEMO);
    let key = fresh_key();
    let headers = [("idempotency-key", key.as_str()), ("prefer", "wait=30")];
    let answer = bank.post("/v1/transfers", &headers, body).await.expect(201);
    assert_eq!(answer.state(), "completed");
    (answer.id(), charles)
}

/// Somebody signs up, whose name, address and password are looked for afterwards.
async fn sign_up(bank: &Bank) {
    let email = format!("{}@{}", fresh_key(), leaks::MAIL_DOMAIN);
    let person = json!({"name": format!("Ada {}", leaks::SURNAME), "email": email, "password": leaks::PASSWORD.to_owned() + " staple"});
    bank.post("/v1/customers", &[], person).await.expect(201);
}

/// # Panics
/// When something of a person or of a secret was sent to the collector.
fn expect_nothing_personal(collector: &Collector) {
    let text = collector.text();
    leaks::expect_none("a span", &text);
    assert!(!text.contains(MEMO), "a memo is in a span: {text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_is_one_trace_in_one_process() {
    let dir = TempDir::new().expect("a folder");
    let collector = Collector::start().await;
    let mut service = start_bank(dir.path(), &collector.url, &[]);
    let bank = Bank::at(&service.url, tokens_in(dir.path()));

    let (transfer, target) = send(&bank).await;
    sign_up(&bank).await;
    bank.balance_becomes(&target, 5_500).await;

    eventually(|| async { Walk::of(&collector, &transfer)?.through_one_process() }).await;
    // What has ended just before the process does is sent as well.
    let document = "/v1/transfers/{id}";
    let answers = |collector: &Collector| {
        collector.spans().into_iter().filter(|span| span.attribute("http.route") == document).count()
    };
    assert_eq!(answers(&collector), 0);
    bank.get(&format!("/v1/transfers/{transfer}")).await.expect(200);
    service.terminate();
    let ended = eventually(|| std::future::ready(service.ended().ok_or("it runs"))).await;
    assert!(ended.success(), "{ended}");
    assert_eq!(answers(&collector), 1);
    expect_nothing_personal(&collector);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_is_one_trace_over_six_processes() {
    let collector = Collector::start().await;
    let traces = format!("traces={}", collector.url);
    let processes = Processes::start(&PROCESSES.map(|process| (process, traces.as_str()))).await;
    let bank = processes.bank();

    let (transfer, target) = send(&bank).await;
    sign_up(&bank).await;
    bank.balance_becomes(&target, 5_500).await;

    eventually_within(Duration::from_secs(120), || async {
        Walk::of(&collector, &transfer)?.through_six_processes()
    })
    .await;
    expect_nothing_personal(&collector);
}

/// A caller who is already in a trace sees the bank's spans below its own, and one who does not want them recorded none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callers_trace_goes_on() {
    let dir = TempDir::new().expect("a folder");
    let collector = Collector::start().await;
    let service = start_bank(dir.path(), &collector.url, &["--set", "traces_sample=0"]);
    let bank = Bank::at(&service.url, tokens_in(dir.path()));
    let open = async |traceparent: &str| {
        let body = json!({"customerId": "ada", "title": "Daily", "currency": "USD"});
        bank.post("/v1/accounts", &[("traceparent", traceparent)], body).await.expect(201);
    };
    open("00-11111111111111111111111111111111-1111111111111111-00").await;
    bank.open(0).await;
    open("00-22222222222222222222222222222222-2222222222222222-01").await;

    let spans = eventually(|| async {
        let spans = collector.spans();
        if spans.iter().any(|span| span.name == "write views") { Ok(spans) } else { Err(spans) }
    })
    .await;
    assert!(spans.iter().all(|span| span.trace == "2".repeat(32)), "{spans:#?}");
    let answer = spans.iter().find(|span| span.name == "POST /v1/accounts").expect("the answer's span");
    assert_eq!(answer.parent.as_deref(), Some("2222222222222222"));
}
