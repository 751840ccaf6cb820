//! Damaged bodies: whatever a client sends to whichever route, it is told what is wrong, and nothing is written.
//!
//! `BANK_TEST_SEED` repeats the damage of an earlier run, whose number is printed.

mod damage;

use fastrand::Rng;
use futures::stream::{self, StreamExt};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Answer, Bank, fresh_key, transfer, usd};
use crate::customers::{PASSWORD, Person, register};
use crate::stage::Stage;
use damage::damaged;

/// Bodies a route.
const BODIES: usize = 10_000;

/// Requests at once.
const AT_ONCE: usize = 64;

/// A route, a body that it would take, and what it writes when damage left a body good.
struct Target {
    method: Method,
    path: String,
    body: Value,
    /// Who sends it.
    bank: Bank,
    writes: Writes,
}

enum Writes {
    /// Whoever sends it may not.
    Nothing,
    /// One event of this type for each success.
    One(&'static str),
}

/// Every route that takes a body. Where a success would end what the next body needs, somebody sends it who may not.
async fn targets(bank: &Bank) -> Vec<Target> {
    let person = Person::new("Ada");
    let ada = register(bank, &person).await;
    let account = bank.open_for(&ada.id.to_string(), "USD", 1_000_000).await;
    let other = bank.open(0).await;
    let sent = bank.transfer(&account, &other, 1).await.id();
    let (stranger, outsider) = (bank.with_token(None), bank.as_customer(Uuid::now_v7()));
    let on = |verb: &str| format!("/v1/accounts/{account}/{verb}");
    let to = |method, path: String, body, bank: &Bank, writes| Target {
        method,
        path,
        body,
        bank: bank.clone(),
        writes,
    };
    let post = |path: String, body, bank: &Bank, writes| to(Method::POST, path, body, bank, writes);
    let me = |rest: &str| format!("/v1/customers/me{rest}");
    let memo = |amount| json!({"amount": amount, "currency": "USD", "memo": "for you"});
    let open = json!({"title": "Daily", "currency": "USD", "initialBalance": 1});
    let registration = json!({"email": person.email, "name": person.name, "password": PASSWORD});
    let credentials = json!({"email": person.email, "password": format!("not {PASSWORD}")});
    let passwords = json!({"currentPassword": format!("not {PASSWORD}"), "newPassword": PASSWORD});
    let reason = json!({"reason": "why not"});
    let nothing = || Writes::Nothing;
    vec![
        post("/v1/accounts".to_owned(), open, &ada.bank, Writes::One("AccountOpened")),
        post(on("deposits"), memo(1), &ada.bank, Writes::One("AccountDeposited")),
        post(on("withdrawals"), usd(1), &ada.bank, Writes::One("AccountWithdrawn")),
        post(on("freeze"), reason.clone(), &outsider, nothing()),
        post(on("unfreeze"), reason.clone(), &outsider, nothing()),
        post(on("close"), reason.clone(), &outsider, nothing()),
        post(
            "/v1/transfers".to_owned(),
            transfer(&other, &account, 1),
            &ada.bank,
            Writes::One("MoneyTransferCreated"),
        ),
        post(format!("/v1/transfers/{sent}/cancel"), reason.clone(), &outsider, nothing()),
        post(format!("/v1/transfers/{sent}/reverse"), reason, &outsider, nothing()),
        post("/v1/customers".to_owned(), registration, &stranger, Writes::One("CustomerRegistered")),
        post("/v1/sessions".to_owned(), credentials, &stranger, nothing()),
        post(
            "/v1/sessions/refresh".to_owned(),
            json!({"refreshToken": "never issued"}),
            &stranger,
            nothing(),
        ),
        to(Method::PATCH, me(""), json!({"name": "Ada"}), &outsider, nothing()),
        to(Method::PUT, me("/password"), passwords, &ada.bank, nothing()),
        post(me("/payees"), json!({"accountId": other, "name": "Charles"}), &outsider, nothing()),
        post(me("/payees/find"), json!({"email": person.email}), &ada.bank, nothing()),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_bodies_are_refused_and_write_nothing() {
    let seed = match std::env::var("BANK_TEST_SEED") {
        Ok(seed) => seed.parse().expect("BANK_TEST_SEED is a number"),
        Err(_) => fastrand::u64(..),
    };
    println!("to run this again: BANK_TEST_SEED={seed}");
    let stage = Stage::embedded().await;
    for (number, target) in targets(stage.bank()).await.into_iter().enumerate() {
        let what = format!("{} {} (BANK_TEST_SEED={seed})", target.method, target.path);
        stage.settled().await;
        let before = written(&stage).await;
        let successes = send_all(&target, Rng::with_seed(seed ^ number as u64), &what).await;
        stage.settled().await;
        let after = written(&stage).await;
        match target.writes {
            Writes::One(event_type) if successes > 0 => {
                let new = count(&after, event_type) - count(&before, event_type);
                assert_eq!(new, successes, "{what}: {event_type}");
            }
            _ => assert_eq!(after.len(), before.len(), "{what}: {successes} successes"),
        }
        println!("{what}: {BODIES} bodies, {successes} of them still good");
    }
    stage.end().await;
}

/// The types of all events of all stores, except the steps that a transfer takes by itself.
async fn written(stage: &Stage) -> Vec<String> {
    let sources = stage.sources();
    let stores =
        [(&sources.accounts, "account"), (&sources.transfers, "transfer"), (&sources.customers, "customer")];
    let mut types = Vec::new();
    for (store, aggregate) in stores {
        let events = store.read_all(aggregate).await.expect("the store can be read");
        types.extend(events.into_iter().map(|event| event.event_type));
    }
    types
}

fn count(types: &[String], event_type: &str) -> usize {
    types.iter().filter(|name| *name == event_type).count()
}

/// Sends the damaged bodies; how many of them were good all the same.
async fn send_all(target: &Target, mut rng: Rng, what: &str) -> usize {
    let bodies: Vec<_> = (0..BODIES).map(|_| damaged(&mut rng, &target.body)).collect();
    let answers = stream::iter(bodies).map(|body| async move {
        let answer = send(target, body.clone()).await;
        check(&answer, &body, what);
        answer.status.is_success()
    });
    answers.buffer_unordered(AT_ONCE).filter(|good| std::future::ready(*good)).count().await
}

async fn send(target: &Target, body: Vec<u8>) -> Answer {
    let key = fresh_key();
    let headers = [("idempotency-key", key.as_str())];
    target.bank.send_bytes(target.method.clone(), &target.path, &headers, body).await
}

/// A success, or a problem that is the client's own.
fn check(answer: &Answer, body: &[u8], what: &str) {
    let shown = String::from_utf8_lossy(&body[..body.len().min(300)]);
    assert!(!answer.status.is_server_error(), "{what}: {answer:?} to {shown}");
    if !answer.status.is_success() {
        assert_ne!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{what}");
        assert_eq!(
            answer.header("content-type"),
            "application/problem+json",
            "{what}: {answer:?} to {shown}"
        );
        assert!(!answer.code().is_empty(), "{what}: {answer:?} to {shown}");
    }
}
