//! Every wrong input gets its documented status and code, and changes nothing.

use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::client::{Answer, Bank, fresh_key, transfer, usd};
use crate::on_every_stage;
use crate::stage::Stage;

on_every_stage! {
    wrong_bodies,
    wrong_headers,
    wrong_paths_and_queries,
}

/// The smallest integer that a JSON number does not hold exactly.
const OVER_2_53: u64 = (1 << 53) + 1;

struct Wrong {
    what: &'static str,
    path: String,
    body: String,
    status: u16,
    code: &'static str,
    pointer: Option<&'static str>,
}

async fn wrong_bodies(stage: Stage) {
    let bank = stage.bank();
    let account = bank.open(100).await;
    let deposits = format!("/v1/accounts/{account}/deposits");
    let wrong = |what, body: &str, status, code, pointer| Wrong {
        what,
        path: deposits.clone(),
        body: body.to_owned(),
        status,
        code,
        pointer,
    };
    let money = |amount: &str, currency: &str| format!(r#"{{"amount":{amount},"currency":"{currency}"}}"#);
    let cases = [
        wrong("broken JSON", "{\"amount\":", 400, "invalid-json", None),
        wrong("no body", "", 400, "invalid-json", None),
        wrong("an array", "[]", 422, "invalid-body", Some("")),
        wrong("a text amount", r#"{"amount":"5","currency":"USD"}"#, 422, "invalid-body", Some("/amount")),
        wrong("an amount with a fraction", &money("5.5", "USD"), 422, "invalid-body", Some("/amount")),
        wrong("amount 0", &money("0", "USD"), 422, "invalid-body", Some("/amount")),
        wrong("a negative amount", &money("-1", "USD"), 422, "invalid-body", Some("/amount")),
        wrong(
            "an amount over 2^53",
            &money(&OVER_2_53.to_string(), "USD"),
            422,
            "invalid-body",
            Some("/amount"),
        ),
        wrong("a huge amount", &money("1e300", "USD"), 422, "invalid-body", Some("/amount")),
        wrong("an unknown currency", &money("1", "XXY"), 422, "invalid-body", Some("/currency")),
        wrong("a lower-case currency", &money("1", "usd"), 422, "invalid-body", Some("/currency")),
        wrong("no amount", r#"{"currency":"USD"}"#, 422, "invalid-body", None),
        wrong(
            "an unknown field",
            r#"{"amount":1,"currency":"USD","fee":1}"#,
            422,
            "invalid-body",
            Some("/fee"),
        ),
        wrong(
            "a memo that is too long",
            &json!({"amount": 1, "currency": "USD", "memo": "m".repeat(201)}).to_string(),
            422,
            "invalid-body",
            Some("/memo"),
        ),
    ];
    for case in cases {
        let answer = bank.call(Method::POST, &case.path, &[], Some(case.body)).await.expect("an answer");
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (case.status, case.code),
            "{}: {answer:?}",
            case.what
        );
        if let Some(pointer) = case.pointer {
            assert_eq!(answer.body["pointer"], pointer, "{}: {answer:?}", case.what);
        }
    }
    let huge = json!({"amount": 1, "currency": "USD", "memo": "m".repeat(2_000_000)}).to_string();
    let answer = bank.call(Method::POST, &deposits, &[], Some(huge)).await.expect("an answer");
    answer.expect_problem(413, "payload-too-large");
    nothing_changed(bank, &account).await;
    stage.end().await;
}

async fn wrong_headers(stage: Stage) {
    let bank = stage.bank();
    let account = bank.open(100).await;
    let deposits = format!("/v1/accounts/{account}/deposits");
    let with =
        async |name: &str, value: &str| -> Answer { bank.post(&deposits, &[(name, value)], usd(1)).await };

    with("content-type", "text/plain").await.expect_problem(415, "unsupported-media-type");
    with("if-match", "\"1\"").await.expect_problem(412, "version-mismatch");
    with("if-match", "five").await.expect_problem(400, "invalid-header");
    with("idempotency-key", "").await.expect_problem(400, "invalid-header");
    with("idempotency-key", &"k".repeat(256)).await.expect_problem(400, "invalid-header");
    with("prefer", "wait=soon").await.expect(200);
    let version = bank.withdraw(&account, 1).await.expect(200).version();
    let with_match = bank.post(&deposits, &[("if-match", &format!("\"{version}\""))], usd(1)).await;
    assert_eq!(with_match.expect(200).version(), version + 1);

    let no_key = bank.post("/v1/transfers", &[], transfer(&account, &account, 1)).await;
    no_key.expect_problem(400, "idempotency-key-required");
    let (first, key) = (fresh_key(), fresh_key());
    let open = |title: &str| json!({"customerId": "ada", "title": title, "currency": "USD"});
    let opened = bank.post("/v1/accounts", &[("idempotency-key", &key)], open("A")).await.expect(201);
    let again = bank.post("/v1/accounts", &[("idempotency-key", &key)], open("A")).await.expect(201);
    assert_eq!((again.id(), again.header("idempotent-replayed")), (opened.id(), "true"));
    let reused = bank.post("/v1/accounts", &[("idempotency-key", &key)], open("B")).await;
    reused.expect_problem(422, "idempotency-key-reused");
    bank.post("/v1/accounts", &[("idempotency-key", &first)], open("B")).await.expect(201);
    stage.end().await;
}

async fn wrong_paths_and_queries(stage: Stage) {
    let bank = stage.bank();
    let account = bank.open(100).await;
    bank.balance_becomes(&account, 100).await;
    for path in ["/", "/v1", "/v1/nothing", "/v2/accounts", &format!("/v1/accounts/{account}/nothing")] {
        bank.get(path).await.expect_problem(404, "route-not-found");
    }
    for path in ["/v1/accounts/five", "/v1/accounts/five/entries", "/v1/transfers/five"] {
        bank.get(path).await.expect_problem(400, "invalid-path");
    }
    bank.post("/v1/accounts/five/deposits", &[], usd(1)).await.expect_problem(400, "invalid-path");
    let call = async |method, path: &str| bank.call(method, path, &[], None).await.expect("an answer");
    let deleted = call(Method::DELETE, &format!("/v1/accounts/{account}")).await;
    assert!(deleted.header("allow").contains("GET"), "{deleted:?}");
    deleted.expect_problem(405, "method-not-allowed");
    call(Method::PUT, "/v1/transfers").await.expect_problem(405, "method-not-allowed");
    call(Method::GET, &format!("/v1/accounts/{account}/deposits"))
        .await
        .expect_problem(405, "method-not-allowed");

    for query in ["limit=0", "limit=201", "limit=many", "sort=up", "cursor=%20"] {
        let answer = bank.get(&format!("/v1/accounts?{query}")).await;
        assert_eq!(answer.status, 400, "{query}: {answer:?}");
        assert!(matches!(answer.code(), "invalid-query" | "invalid-cursor"), "{query}: {answer:?}");
    }
    for query in ["minVersion=-1", "minVersion=many", "at=yesterday", "colour=red"] {
        let answer = bank.get(&format!("/v1/accounts/{account}?{query}")).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, "invalid-query"), "{query}: {answer:?}");
    }
    let nobody = Uuid::now_v7();
    bank.get(&format!("/v1/accounts/{nobody}")).await.expect_problem(404, "account-not-found");
    bank.get(&format!("/v1/transfers/{nobody}")).await.expect_problem(404, "transfer-not-found");
    nothing_changed(bank, &account).await;
    stage.end().await;
}

/// The account still has its one deposit of 100.
async fn nothing_changed(bank: &Bank, account: &str) {
    let untouched = bank.balance_becomes(account, 100).await;
    assert_eq!(untouched.version(), 2, "{untouched:?}");
}
