//! Who asked for what, and what came of it: each decision on access or money is in the audit log.

use std::process::Command;

use reqwest::Method;
use serde_json::json;
use service_kit::audit::{AuditLog, Entry, Filter};
use uuid::Uuid;

use crate::client::{fresh_key, transfer, usd};
use crate::customers::{Person, register};
use crate::leaks::PASSWORD;
use crate::on_both_shapes;
use crate::stage::Stage;

on_both_shapes! {
    every_decision_is_kept,
    a_sign_in_is_kept_with_whose_it_was,
}

/// All that the filter lets through.
async fn entries(log: &AuditLog, filter: &Filter) -> Vec<Entry> {
    let (mut found, mut after) = (Vec::new(), 0);
    loop {
        let (entries, last) = log.read(filter, after, 1000).await.expect("the log can be read");
        found.extend(entries);
        if last == after {
            return found;
        }
        after = last;
    }
}

/// (actor, method and route, status, code), as they were answered.
fn told(entries: &[Entry]) -> Vec<(&str, &str, u16, &str)> {
    let decisions = entries.iter().map(|entry| &entry.decision);
    decisions
        .map(|it| {
            let (actor, code) = (it.actor.as_deref().unwrap_or(""), it.code.as_deref().unwrap_or(""));
            (actor, it.action.as_str(), it.status, code)
        })
        .collect()
}

async fn every_decision_is_kept(stage: Stage) {
    let bank = stage.bank();
    let (ada, eve) = (Uuid::now_v7(), Uuid::now_v7());
    let account = bank.open_for(&ada.to_string(), "USD", 100).await;
    let (as_ada, as_eve) = (bank.as_customer(ada), bank.as_customer(eve));
    let other =
        as_eve.post("/v1/accounts", &[], json!({"title": "Other", "currency": "USD"})).await.expect(201).id();
    as_ada.withdraw(&account, 101).await.expect_problem(409, "insufficient-funds");
    as_ada.withdraw(&account, 40).await.expect(200);
    as_eve.withdraw(&account, 1).await.expect_problem(404, "account-not-found");
    bank.balance_becomes(&account, 60).await;
    as_ada.get(&format!("/v1/accounts/{account}")).await.expect(200);
    let sent = as_ada
        .post(
            "/v1/transfers",
            &[("idempotency-key", &fresh_key()), ("prefer", "wait=30")],
            transfer(&account, &other, 60),
        )
        .await
        .expect(201);
    let stranger = bank.with_token(None).post(&format!("/v1/accounts/{account}/deposits"), &[], usd(1)).await;
    stranger.expect_problem(401, "unauthenticated");

    let log = stage.audit_log().await;
    let on_account = entries(&log, &Filter { resource: Some(account.clone()), actor: None }).await;
    let (ada, eve) = (ada.to_string(), eve.to_string());
    // Reading one's own is nothing to keep, however often; an operator's reading is.
    let told_of: Vec<_> = told(&on_account);
    let withdrawal = "POST /v1/accounts/{id}/withdrawals";
    let commands: Vec<_> =
        told_of.iter().filter(|(_, action, ..)| !action.starts_with("GET")).copied().collect();
    let expected = [
        ("operator:test", "POST /v1/accounts", 201, ""),
        (ada.as_str(), withdrawal, 409, "insufficient-funds"),
        (ada.as_str(), withdrawal, 200, ""),
        (eve.as_str(), withdrawal, 404, "account-not-found"),
        // Who turned the stranger away, the gateway or the service itself, makes no difference.
        ("", "POST /v1/accounts/{id}/deposits", 401, "unauthenticated"),
    ];
    assert_eq!(commands, expected);
    let reads: Vec<_> = told_of.iter().filter(|(_, action, ..)| action.starts_with("GET")).collect();
    assert!(!reads.is_empty() && reads.iter().all(|(actor, ..)| *actor == "operator:test"), "{reads:?}");
    let of_transfer = entries(&log, &Filter { resource: Some(sent.id()), actor: Some(ada.clone()) }).await;
    assert_eq!(told(&of_transfer), [(ada.as_str(), "POST /v1/transfers", 201, "")]);
    assert_eq!(of_transfer[0].decision.request_id.to_string(), sent.header("x-request-id"));
    assert_eq!(log.verify(None).await.expect("the log can be read").fault, None);
    stage.end().await;
}

async fn a_sign_in_is_kept_with_whose_it_was(stage: Stage) {
    let ada = Person::new("Ada");
    let customer = register(stage.bank(), &ada).await;
    let wrong = json!({"email": ada.email, "password": format!("not {PASSWORD}")});
    let refused = stage.bank().with_token(None).post("/v1/sessions", &[], wrong).await;
    let refused = refused.expect_problem(401, "wrong-credentials");

    let log = stage.audit_log().await;
    let ada_herself = customer.id.to_string();
    let of_ada = entries(&log, &Filter { actor: Some(ada_herself.clone()), resource: None }).await;
    let (registered, signed_in) = ("POST /v1/customers", "POST /v1/sessions");
    assert_eq!(told(&of_ada), [registered, signed_in].map(|action| (ada_herself.as_str(), action, 201, "")),);
    let sessions = entries(&log, &Filter { resource: Some("/v1/sessions".to_owned()), actor: None }).await;
    let id = refused.header("x-request-id");
    let failed =
        sessions.iter().find(|entry| entry.decision.request_id.to_string() == id).expect("it is kept");
    assert_eq!((failed.decision.status, &failed.decision.actor), (401, &None));
    let all = serde_json::to_string(&entries(&log, &Filter::default()).await).expect("it is JSON");
    assert!(!all.contains(&ada.email) && !all.contains(&ada.name), "somebody is named in the audit log");
    stage.end().await;
}

/// `bank audit` reads the log of a bank that runs, and finds what was changed behind its back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tool_lists_and_verifies() {
    let stage = Stage::embedded().await;
    let account = stage.bank().open(10).await;
    stage.bank().withdraw(&account, 11).await.expect_problem(409, "insufficient-funds");
    let folder = stage.folder().display().to_string();
    let audit = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_bank"))
            .args(["audit"])
            .args(arguments)
            .args(["--data-dir", &folder])
            .output()
            .expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };

    let (code, listed) = audit(&["list", "--resource", &account]);
    assert_eq!(code, Some(0));
    assert!(
        listed.contains("409 insufficient-funds  operator:test  POST /v1/accounts/{id}/withdrawals"),
        "{listed}"
    );
    let (code, verified) = audit(&["verify", "--json"]);
    let verified: serde_json::Value = serde_json::from_str(&verified).expect("JSON");
    assert_eq!((code, &verified["fault"]), (Some(0), &serde_json::Value::Null));
    let head = verified["head"].as_str().expect("a hash").to_owned();
    assert_eq!(audit(&["verify", "--head", &head]).0, Some(0));

    stage.bank().call(Method::GET, &format!("/v1/accounts/{account}"), &[], None).await.expect("it answers");
    let other = "0".repeat(64);
    let (code, text) = audit(&["verify", "--head", &other]);
    assert_eq!(code, Some(1));
    assert!(text.starts_with("THE AUDIT LOG IS NOT WHOLE: the hash that was noted is no entry's"), "{text}");
    stage.end().await;
}
