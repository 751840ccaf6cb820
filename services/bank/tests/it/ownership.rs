//! Nobody sees or moves what is not theirs: every route, every kind of caller, through the gateway and behind its back.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Answer, Bank, atomic, bulk, daily_from, fresh_key, hold, order, transfer, usd};
use crate::customers::{Person, found, register};
use crate::leaks::PASSWORD;
use crate::on_both_shapes;
use crate::stage::Stage;

on_both_shapes! {
    every_route_knows_who_calls,
    money_leaves_only_ones_own_account,
    a_recipient_sees_the_transfer_and_may_send_it_back,
    the_views_do_not_tell_an_outsider_their_version,
}

/// The route table of the gateway: a route that is added there has no row here until its author writes one.
const ROUTES: &str = include_str!("../../../api-gateway/src/api.rs");

/// One route, and the status that each caller gets.
struct Row {
    method: Method,
    /// As in the route table, with a query where it matters.
    path: &'static str,
    body: Value,
    owner: u16,
    outsider: u16,
    operator: u16,
    /// Without a token, or with a forged one; `None` is 401 `unauthenticated`.
    stranger: Option<u16>,
}

/// An account with money in it, of a customer who has sent some to another one, and an outsider.
struct People {
    ada: Uuid,
    email: String,
    mallory: Uuid,
    account: String,
    transfer: String,
    /// Ada's, of more than she has.
    bulk: String,
    target: String,
    /// A standing order of Ada's, due tomorrow.
    order: String,
    payee: String,
    /// Ada's, placed for each caller anew: a hold ends once.
    hold: String,
    /// Ada's, made for each caller anew: a webhook is deleted once.
    webhook: String,
    /// What it was sent.
    delivery: String,
}

async fn people(bank: &Bank) -> People {
    let (person, friend, mallory) = (Person::new("Ada"), Person::new("Charles"), Uuid::now_v7());
    let (ada, charles) = (register(bank, &person).await, register(bank, &friend).await);
    let account = bank.open_for(&ada.id.to_string(), "USD", 100).await;
    let target = bank.open_for(&charles.id.to_string(), "USD", 0).await;
    let transfer = ada.bank.transfer(&account, &target, 40).await.id();
    let bulk = ada.bank.bulk_transfer(&account, &[(&target, 1_000)]).await.id();
    bank.balance_becomes(&account, 60).await;
    bank.balance_becomes(&target, 40).await;
    found(&ada, &friend.email, 1).await;
    let body = json!({"accountId": target, "name": "Charles"});
    let saved = ada.bank.post("/v1/customers/me/payees", &[], body).await.expect(201);
    let payee = saved.body["payeeId"].as_str().expect("an id").to_owned();
    let order = ada.bank.order(&account, &target, 1, daily_from(86_400)).await.expect(201).id();
    let (hold, webhook, delivery) = (String::new(), String::new(), String::new());
    let (ada, email) = (ada.id, person.email);
    People { ada, email, mallory, account, transfer, bulk, target, order, payee, hold, webhook, delivery }
}

/// Another hold of a cent in Ada's account, placed by her.
async fn another_hold(bank: &Bank, people: &People) -> String {
    bank.as_customer(people.ada).hold(&people.account, 1, TimeDelta::hours(1)).await.expect(201).hold_id()
}

/// Another webhook of Ada's, and a delivery of it.
async fn another_webhook(bank: &Bank, people: &mut People) {
    let ada = bank.as_customer(people.ada);
    people.webhook = ada.post("/v1/webhooks", &[], webhook()).await.expect(201).id();
    let test = ada.post(&format!("/v1/webhooks/{}/test", people.webhook), &[], json!({})).await.expect(202);
    people.delivery = test.body["deliveryId"].as_str().expect("an id").to_owned();
}

fn webhook() -> Value {
    json!({"url": "http://127.0.0.1:9/hooks", "eventTypes": ["AccountClosed"]})
}

fn rows(people: &People) -> Vec<Row> {
    let row = |method: &str, path, body, [owner, outsider, operator]: [u16; 3]| Row {
        method: method.parse().expect("a method"),
        path,
        body,
        owner,
        outsider,
        operator,
        stranger: None,
    };
    // For everybody alike.
    let public = |method: &str, path, body, status: u16| Row {
        stranger: Some(status),
        ..row(method, path, body, [status, status, status])
    };
    let to = transfer(&people.account, &people.target, 1);
    let account = json!({"title": "Second", "currency": "USD"});
    let named = json!({"title": "Second", "currency": "USD", "customerId": people.ada});
    let fresh = json!({"email": "{fresh}@planted.example.org", "name": "Ada", "password": PASSWORD});
    let credentials = json!({"email": people.email, "password": PASSWORD});
    let passwords = json!({"currentPassword": PASSWORD, "newPassword": PASSWORD});
    let payee = json!({"accountId": people.target, "name": "Charles"});
    vec![
        public("GET", "/.well-known/jwks.json", Value::Null, 200),
        public("POST", "/v1/customers", fresh, 201),
        public("POST", "/v1/sessions", credentials, 201),
        public("POST", "/v1/sessions/refresh", json!({"refreshToken": "never issued"}), 401),
        row("DELETE", "/v1/sessions/current", Value::Null, [204, 204, 204]),
        // What is "me" to the outsider and the operator is nobody.
        row("GET", "/v1/customers/me", Value::Null, [200, 404, 404]),
        row("PATCH", "/v1/customers/me", json!({"name": "Augusta"}), [200, 404, 404]),
        row("DELETE", "/v1/customers/me", Value::Null, [200, 404, 404]),
        row("PUT", "/v1/customers/me/password", passwords, [204, 404, 404]),
        row("GET", "/v1/customers/me/payees", Value::Null, [200, 404, 404]),
        // Decided, and not possible: it is saved already.
        row("POST", "/v1/customers/me/payees", payee, [409, 404, 404]),
        row("POST", "/v1/customers/me/payees/find", json!({"email": people.email}), [200, 404, 404]),
        row("DELETE", "/v1/customers/me/payees/{payee}", Value::Null, [200, 404, 404]),
        row("DELETE", "/v1/customers/{ada}", Value::Null, [403, 403, 200]),
        // An operator says whose account it is to be; a customer opens their own.
        row("POST", "/v1/accounts", account, [201, 201, 422]),
        row("POST", "/v1/accounts", named, [201, 403, 201]),
        row("GET", "/v1/accounts", Value::Null, [200, 200, 200]),
        row("GET", "/v1/accounts?customerId={ada}", Value::Null, [200, 403, 200]),
        row("GET", "/v1/accounts/{id}", Value::Null, [200, 404, 200]),
        row("GET", "/v1/accounts/{id}/balance", Value::Null, [200, 404, 200]),
        row("GET", "/v1/accounts/{id}/balance?at=1", Value::Null, [200, 404, 200]),
        row(
            "GET",
            "/v1/accounts/{id}/balance-curve?from=2020-01-01T00:00:00Z&to=2099-12-31T00:00:00Z",
            Value::Null,
            [200, 404, 200],
        ),
        row("GET", "/v1/accounts/{id}/entries", Value::Null, [200, 404, 200]),
        row("GET", "/v1/accounts/{id}/entries?at=1", Value::Null, [200, 404, 200]),
        row("GET", "/v1/accounts/{id}/transfers", Value::Null, [200, 404, 200]),
        row("GET", "/v1/accounts/{id}/statement?from=2020-01-01&to=2099-12-31", Value::Null, [200, 404, 200]),
        row("POST", "/v1/accounts/{id}/deposits", usd(2), [200, 404, 200]),
        row("POST", "/v1/accounts/{id}/withdrawals", usd(1), [200, 404, 200]),
        row("POST", "/v1/accounts/{id}/holds", hold(1, TimeDelta::hours(1)), [201, 404, 201]),
        row("POST", "/v1/accounts/{id}/holds/{holdId}/capture", json!({}), [200, 404, 200]),
        row("POST", "/v1/accounts/{id}/holds/{holdId}/void", json!({}), [200, 404, 200]),
        row(
            "POST",
            "/v1/accounts/{id}/overdraft-limit",
            json!({"limit": 5, "currency": "USD"}),
            [403, 404, 200],
        ),
        // The operator comes first; what stands already is no raise by the owner.
        row(
            "POST",
            "/v1/accounts/{id}/daily-transfer-limit",
            json!({"limit": 5, "currency": "USD"}),
            [200, 404, 200],
        ),
        // Decided, and not possible: it holds money.
        row("POST", "/v1/accounts/{id}/close", json!({}), [409, 404, 409]),
        // What the outsider gets is a transfer that fails; see `money_leaves_only_ones_own_account`.
        row("POST", "/v1/transfers", to, [202, 202, 202]),
        row("POST", "/v1/bulk-transfers", bulk(&people.account, &[(&people.target, 1)]), [202, 202, 202]),
        row("POST", "/v1/bulk-transfers", atomic(&people.account, &[(&people.target, 1)]), [202, 202, 202]),
        row("GET", "/v1/bulk-transfers/{bulk}", Value::Null, [200, 404, 200]),
        row("GET", "/v1/transfers/{transfer}", Value::Null, [200, 404, 200]),
        row("POST", "/v1/transfers/{transfer}/cancel", json!({}), [409, 404, 409]),
        // The sender sees it and may not take it back.
        row("POST", "/v1/transfers/{transfer}/reverse", json!({}), [403, 404, 202]),
        row(
            "POST",
            "/v1/transfer-orders",
            order(&people.account, &people.target, 1, daily_from(86_400)),
            [201, 201, 201],
        ),
        row("GET", "/v1/transfer-orders", Value::Null, [200, 200, 200]),
        row("GET", "/v1/transfer-orders?customerId={ada}", Value::Null, [200, 403, 200]),
        row("GET", "/v1/transfer-orders/{order}", Value::Null, [200, 404, 200]),
        row("POST", "/v1/transfer-orders/{order}/cancel", json!({}), [200, 404, 200]),
        row("POST", "/v1/accounts/{id}/freeze", json!({}), [200, 404, 200]),
        // The operator's freeze is the last one, and stays.
        row("POST", "/v1/accounts/{id}/unfreeze", json!({}), [403, 404, 200]),
        row("POST", "/v1/webhooks", webhook(), [201, 201, 201]),
        row("GET", "/v1/webhooks", Value::Null, [200, 200, 200]),
        // Whoever changed it would be sent what happens to its owner: operators have webhooks of their own.
        row("GET", "/v1/webhooks/{webhook}", Value::Null, [200, 404, 404]),
        row("PATCH", "/v1/webhooks/{webhook}", json!({"description": "Hooks"}), [200, 404, 404]),
        row("DELETE", "/v1/webhooks/{webhook}", Value::Null, [204, 404, 404]),
        row("POST", "/v1/webhooks/{webhook}/rotate-secret", json!({}), [200, 404, 404]),
        row("POST", "/v1/webhooks/{webhook}/test", json!({}), [202, 404, 404]),
        row("GET", "/v1/webhooks/{webhook}/deliveries", Value::Null, [200, 404, 404]),
        row("POST", "/v1/webhooks/{webhook}/deliveries/{deliveryId}/redeliver", json!({}), [202, 404, 404]),
    ]
}

async fn every_route_knows_who_calls(stage: Stage) {
    let operator = stage.bank();
    let probe = people(operator).await;
    let forged = forged(operator, probe.ada).await;
    for number in 0..rows(&probe).len() {
        let row = &rows(&probe)[number];
        for place in 0..stage.doors(&row.method, row.path).len() {
            // People of their own for each, because some calls can be made once.
            let mut people = people(operator).await;
            if row.path.contains("{webhook}") {
                another_webhook(operator, &mut people).await;
            }
            let row = &rows(&people)[number];
            let door = &stage.doors(&row.method, row.path)[place];
            let what = format!("{} {} at door {place}", row.method, row.path);
            for token in [None, Some(forged.as_str())] {
                let answer = send(&door.with_token(token), &people, row).await;
                let status = answer.status.as_u16();
                match row.stranger {
                    Some(expected) => assert_eq!(status, expected, "{what}: {answer:?}"),
                    None => {
                        assert_eq!((status, answer.code()), (401, "unauthenticated"), "{what}: {answer:?}");
                    }
                }
            }
            let callers = [
                ("outsider", door.as_customer(people.mallory), row.outsider),
                ("operator", door.clone(), row.operator),
                ("owner", door.as_customer(people.ada), row.owner),
            ];
            if row.path.ends_with("unfreeze") {
                operator.change(&people.account, "freeze").await.expect(200);
            }
            // For reversals and unfreezing the operator's success comes last.
            let order = if row.owner == 403 { [0, 2, 1] } else { [0, 1, 2] };
            for (caller, bank, expected) in order.map(|place| &callers[place]) {
                if row.path.contains("{holdId}") {
                    people.hold = another_hold(operator, &people).await;
                }
                if row.path.contains("{webhook}") {
                    another_webhook(operator, &mut people).await;
                }
                let answer = send(bank, &people, row).await;
                assert_eq!(answer.status.as_u16(), *expected, "{what} by the {caller}: {answer:?}");
            }
        }
    }
    stage.end().await;
}

/// (path, method) of every route.
pub(crate) fn route_table() -> BTreeSet<(String, &'static str)> {
    let mut routes = BTreeSet::new();
    for line in ROUTES.lines().filter_map(|line| line.trim().strip_prefix(".route(\"")) {
        let (path, handlers) = line.split_once('"').expect("a path");
        for (words, method) in [
            ("reads(", "GET"),
            ("writes(", "POST"),
            ("changes(", "PATCH"),
            ("replaces(", "PUT"),
            ("removes(", "DELETE"),
        ] {
            routes.extend(handlers.contains(words).then(|| (path.to_owned(), method)));
        }
    }
    assert!(routes.len() > 10, "the route table is written as this reads it: {routes:?}");
    routes
}

#[test]
fn every_route_of_the_gateway_has_a_row() {
    let none = String::new;
    let (ada, mallory) = (Uuid::nil(), Uuid::nil());
    let (account, transfer, bulk, target) = (none(), none(), none(), none());
    let (email, order, payee, hold) = (none(), none(), none(), none());
    let (webhook, delivery) = (none(), none());
    let people = People {
        ada,
        email,
        mallory,
        account,
        transfer,
        bulk,
        target,
        order,
        payee,
        hold,
        webhook,
        delivery,
    };
    let rows = rows(&people);
    let mut without = route_table();
    for row in &rows {
        let path = row.path.split('?').next().unwrap_or_default().replace("{transfer}", "{id}");
        let path = path.replace("{bulk}", "{id}").replace("{order}", "{id}").replace("{webhook}", "{id}");
        let path = path.replace("{ada}", "{id}").replace("{payee}", "{id}");
        without.remove(&(path, row.method.as_str()));
    }
    assert!(without.is_empty(), "routes without a row: {without:?}");
}

async fn send(bank: &Bank, people: &People, row: &Row) -> Answer {
    let path = row
        .path
        .replace("{id}", &people.account)
        .replace("{transfer}", &people.transfer)
        .replace("{bulk}", &people.bulk)
        .replace("{order}", &people.order)
        .replace("{payee}", &people.payee)
        .replace("{holdId}", &people.hold)
        .replace("{webhook}", &people.webhook)
        .replace("{deliveryId}", &people.delivery)
        .replace("{ada}", &people.ada.to_string());
    let key = fresh_key();
    let body = (!row.body.is_null()).then(|| row.body.to_string().replace("{fresh}", &key));
    let headers = [("idempotency-key", key.as_str())];
    bank.call(row.method.clone(), &path, &headers, body).await.expect("the bank answers")
}

/// A token of the customer with other claims under the old signature.
async fn forged(bank: &Bank, customer: Uuid) -> String {
    let token = bank.customer_token(customer);
    let (signed, signature) = token.rsplit_once('.').expect("a token has three parts");
    let (header, claims) = signed.split_once('.').expect("a token has three parts");
    let turned: String = claims.chars().rev().collect();
    format!("{header}.{turned}.{signature}")
}

/// The accounts service decides on the owner that it recorded: to an outsider the account is not there.
async fn money_leaves_only_ones_own_account(stage: Stage) {
    let bank = stage.bank();
    let people = people(bank).await;
    let mallory = bank.as_customer(people.mallory);
    let own = bank.open_for(&people.mallory.to_string(), "USD", 0).await;

    let stolen = mallory.transfer(&people.account, &own, 10).await;

    assert_eq!((stolen.state(), stolen.reason()), ("failed", "account-not-found"));
    assert_eq!(mallory.transfer(&Uuid::now_v7().to_string(), &own, 10).await.reason(), "account-not-found");
    bank.balance_becomes(&people.account, 60).await;
    bank.balance_becomes(&own, 0).await;
    stage.end().await;
}

async fn a_recipient_sees_the_transfer_and_may_send_it_back(stage: Stage) {
    let bank = stage.bank();
    let (ada, charles) = (Uuid::now_v7(), Uuid::now_v7());
    let source = bank.open_for(&ada.to_string(), "USD", 100).await;
    let target = bank.open_for(&charles.to_string(), "USD", 0).await;
    let sent = bank.as_customer(ada).transfer(&source, &target, 40).await;
    assert_eq!(sent.state(), "completed");
    let charles = bank.as_customer(charles);

    charles.get(&format!("/v1/transfers/{}", sent.id())).await.expect(200);
    let back = charles.reverse(&sent.id()).await.expect(201);

    assert_eq!(back.state(), "completed");
    bank.balance_becomes(&source, 100).await;
    // The sender is the recipient of what came back, and sees it too.
    bank.as_customer(ada).get(&format!("/v1/transfers/{}", back.id())).await.expect(200);
    stage.end().await;
}

async fn the_views_do_not_tell_an_outsider_their_version(stage: Stage) {
    let bank = stage.bank();
    let people = people(bank).await;
    let path = format!("/v1/accounts/{}?minVersion=1000", people.account);
    let mallory = bank.as_customer(people.mallory);
    mallory.get(&path).await.expect_problem(404, "account-not-found");
    bank.as_customer(people.ada).get(&path).await.expect_problem(412, "view-out-of-date");
    stage.end().await;
}

/// What a service lends to another one is for services alone: no token opens it, not even an operator's.
#[cfg(feature = "distributed")]
#[tokio::test(flavor = "multi_thread")]
async fn streams_are_lent_only_for_the_secret_of_the_services() {
    use crate::stage::distributed::INTERNAL_SECRET;

    let stage = Stage::distributed().await;
    let account = stage.bank().open(7).await;
    let path = format!("/internal/streams/account/{account}/events");
    let door = &stage.doors(&Method::POST, "/v1/accounts")[1];

    for token in [None, Some(""), Some("between-others")] {
        door.with_token(token).get(&path).await.expect_problem(401, "unauthenticated");
    }
    door.get(&path).await.expect_problem(401, "unauthenticated");
    let lent = door.with_token(Some(INTERNAL_SECRET)).get(&path).await.expect(200);
    // And the gateway does not know the route.
    stage.bank().with_token(Some(INTERNAL_SECRET)).get(&path).await.expect_problem(404, "route-not-found");

    assert_eq!(lent.body[0]["eventType"], "AccountOpened", "{lent:?}");
    stage.end().await;
}
