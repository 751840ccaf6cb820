//! Damaged bodies: whatever a client sends to whichever route, it is told what is wrong, and nothing is written.
//!
//! `BANK_TEST_SEED` repeats the damage of an earlier run, whose number is printed.

mod damage;

use chrono::{TimeDelta, Utc};
use fastrand::Rng;
use futures::stream::{self, StreamExt};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Answer, Bank, atomic, bulk, daily_from, fresh_key, order, transfer, usd};
use crate::customers::{Person, register};
use crate::leaks::PASSWORD;
use crate::ownership::route_table;
use crate::stage::Stage;
use damage::damaged;

/// Bodies a route, unless `BANK_TEST_BODIES` says another number, such as 10000 for five minutes.
const BODIES: usize = 2_000;

/// Requests at once.
const AT_ONCE: usize = 64;

/// A route, a body that it would take, and what it writes when damage left a body good.
struct Target {
    method: Method,
    /// As in the gateway's route table.
    route: &'static str,
    path: String,
    body: Value,
    /// Who sends it.
    bank: Bank,
    writes: Writes,
}

#[derive(Clone, Copy)]
enum Writes {
    /// Whoever sends it may not.
    Nothing,
    /// One event of this type for each success.
    One(&'static str),
    /// One event of any of these types.
    Any(&'static [&'static str]),
}

/// Every route that takes a body. Where a success would end what the next body needs, somebody sends it who may not.
async fn targets(bank: &Bank) -> Vec<Target> {
    use Writes::{Any, Nothing, One};
    let person = Person::new("Ada");
    let ada = register(bank, &person).await;
    let account = bank.open_for(&ada.id.to_string(), "USD", 1_000_000).await;
    let other = bank.open(0).await;
    let sent = bank.transfer(&account, &other, 1).await.id();
    let (stranger, outsider) = (bank.with_token(None), bank.as_customer(Uuid::now_v7()));
    // To nobody, and of somebody to whom nothing happens.
    let hook =
        json!({"url": "https://hooks.invalid/bank", "eventTypes": ["AccountClosed"], "description": "Hooks"});
    let webhook = outsider.post("/v1/webhooks", &[], hook.clone()).await.expect(201).id();
    // Not with the token of a session, which lives five minutes.
    let (ada, hold) = (&bank.as_customer(ada.id), Uuid::now_v7().to_string());
    let placed = bank.order(&account, &other, 1, daily_from(86_400)).await.expect(201).id();
    let target = |method: &str, route: &'static str, body: Value, bank: &Bank, writes| {
        let id = match route {
            _ if route.starts_with("/v1/transfers") => &sent,
            _ if route.starts_with("/v1/transfer-orders") => &placed,
            _ if route.starts_with("/v1/webhooks") => &webhook,
            _ => &account,
        };
        Target {
            method: method.parse().expect("a method"),
            route,
            path: route.replace("{id}", id).replace("{holdId}", &hold).replace("{deliveryId}", &hold),
            body,
            bank: bank.clone(),
            writes,
        }
    };
    let on = |route, body: &Value, bank: &Bank, writes| target("POST", route, body.clone(), bank, writes);
    let memo = json!({"amount": 1, "currency": "USD", "memo": "for you"});
    let open = json!({"title": "Daily", "currency": "USD", "initialBalance": 1});
    let registration = json!({"email": person.email, "name": person.name, "password": PASSWORD});
    let credentials = json!({"email": person.email, "password": format!("not {PASSWORD}")});
    let passwords = json!({"currentPassword": format!("not {PASSWORD}"), "newPassword": PASSWORD});
    let (reason, limit) = (json!({"reason": "why not"}), json!({"limit": 5, "currency": "USD"}));
    let expiring = json!({"amount": 1, "currency": "USD", "memo": "a room", "expiresAt": in_an_hour()});
    let payee = json!({"accountId": other, "name": "Charles"});
    let mut standing = order(&other, &account, 1, daily_from(86_400));
    standing["memo"] = json!("for you");
    standing["schedule"]["count"] = json!(3);
    let refresh = json!({"refreshToken": "never issued"});
    vec![
        on("/v1/accounts", &open, ada, One("AccountOpened")),
        on("/v1/accounts/{id}/deposits", &memo, ada, One("AccountDeposited")),
        on("/v1/accounts/{id}/withdrawals", &usd(1), ada, One("AccountWithdrawn")),
        on("/v1/accounts/{id}/holds", &expiring, &outsider, Nothing),
        on("/v1/accounts/{id}/holds/{holdId}/capture", &json!({"amount": 1}), ada, Nothing),
        on("/v1/accounts/{id}/holds/{holdId}/void", &json!({}), ada, Nothing),
        on("/v1/accounts/{id}/overdraft-limit", &limit, &outsider, Nothing),
        on("/v1/accounts/{id}/daily-transfer-limit", &limit, &outsider, Nothing),
        on("/v1/accounts/{id}/freeze", &reason, &outsider, Nothing),
        on("/v1/accounts/{id}/unfreeze", &reason, &outsider, Nothing),
        on("/v1/accounts/{id}/close", &reason, &outsider, Nothing),
        on("/v1/transfers", &transfer(&other, &account, 1), ada, One("MoneyTransferCreated")),
        on("/v1/bulk-transfers", &bulk(&other, &[(&account, 1)]), ada, One("MoneyTransferCreated")),
        // Without its mode it is a good request of the other kind.
        on(
            "/v1/bulk-transfers",
            &atomic(&other, &[(&account, 1)]),
            ada,
            Any(&["BulkTransferCreated", "MoneyTransferCreated"]),
        ),
        on("/v1/transfers/{id}/cancel", &reason, &outsider, Nothing),
        on("/v1/transfers/{id}/reverse", &reason, &outsider, Nothing),
        on("/v1/transfer-orders", &standing, ada, One("TransferOrderPlaced")),
        on("/v1/transfer-orders/{id}/cancel", &reason, &outsider, Nothing),
        on("/v1/customers", &registration, &stranger, One("CustomerRegistered")),
        on("/v1/sessions", &credentials, &stranger, Nothing),
        on("/v1/sessions/refresh", &refresh, &stranger, Nothing),
        on("/v1/customers/me/payees", &payee, &outsider, Nothing),
        on("/v1/customers/me/payees/find", &json!({"email": person.email}), ada, Nothing),
        target("PATCH", "/v1/customers/me", json!({"name": "Ada"}), &outsider, Nothing),
        target("PUT", "/v1/customers/me/password", passwords, ada, Nothing),
        on("/v1/webhooks", &hook, &outsider, Nothing),
        target("PATCH", "/v1/webhooks/{id}", hook.clone(), &outsider, Nothing),
        on("/v1/webhooks/{id}/rotate-secret", &json!({}), &outsider, Nothing),
        on("/v1/webhooks/{id}/test", &json!({}), &outsider, Nothing),
        on("/v1/webhooks/{id}/deliveries/{deliveryId}/redeliver", &json!({}), &outsider, Nothing),
    ]
}

fn in_an_hour() -> String {
    (Utc::now() + TimeDelta::hours(1)).to_rfc3339()
}

/// Every route that takes a body is among the targets.
fn assert_complete(targets: &[Target]) {
    let mut without = route_table();
    without.retain(|(_, method)| ["POST", "PUT", "PATCH"].contains(method));
    for target in targets {
        without.remove(&(target.route.to_owned(), target.method.as_str()));
    }
    assert!(without.is_empty(), "routes without a target: {without:?}");
}

fn number_in(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|number| number.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_bodies_are_refused_and_write_nothing() {
    let seed = number_in("BANK_TEST_SEED").unwrap_or_else(|| fastrand::u64(..));
    let bodies =
        number_in("BANK_TEST_BODIES").map_or(BODIES, |number| number.try_into().expect("a number of bodies"));
    println!("to run this again: BANK_TEST_SEED={seed}");
    let stage = Stage::embedded().await;
    let targets = targets(stage.bank()).await;
    assert_complete(&targets);
    for (number, target) in targets.into_iter().enumerate() {
        let what = format!("{} {} (BANK_TEST_SEED={seed})", target.method, target.path);
        stage.settled().await;
        let before = written(&stage).await;
        let mut rng = Rng::with_seed(seed ^ number as u64);
        let bodies: Vec<_> = (0..bodies).map(|_| damaged(&mut rng, &target.body)).collect();
        let sent = bodies.len();
        let successes = send_all(&target, bodies, &what).await;
        stage.settled().await;
        let after = written(&stage).await;
        match target.writes {
            Writes::One(event_type) if successes > 0 => {
                let new = count(&after, event_type) - count(&before, event_type);
                assert_eq!(new, successes, "{what}: {event_type}");
            }
            Writes::Any(event_types) if successes > 0 => {
                let of_all = |types: &[String]| -> usize {
                    event_types.iter().map(|event_type| count(types, event_type)).sum()
                };
                assert_eq!(of_all(&after) - of_all(&before), successes, "{what}: {event_types:?}");
            }
            _ => assert_eq!(after.len(), before.len(), "{what}: {successes} successes"),
        }
        println!("{what}: {sent} bodies, {successes} of them still good");
    }
    stage.end().await;
}

/// The types of all events of all stores, except the steps that a transfer takes by itself.
async fn written(stage: &Stage) -> Vec<String> {
    let sources = stage.sources();
    let stores = [
        (&sources.accounts, "account"),
        (&sources.transfers, "transfer"),
        (&sources.transfers, "bulk-transfer"),
        (&sources.transfers, "transfer-order"),
        (&sources.customers, "customer"),
    ];
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

/// Sends the bodies; how many of them were good all the same.
async fn send_all(target: &Target, bodies: Vec<Vec<u8>>, what: &str) -> usize {
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
