//! Orders for transfers: due at their time, once each, whatever happens meanwhile.

mod crashes;
#[cfg(feature = "distributed")]
mod processes;
mod time;
mod wrong;

use bank::verify::Sources;
use chrono::{DateTime, Utc};
use domain::order::OrderEvent;
use event_store::RecordedEvent;
use reqwest::Method;
use serde_json::{Value, json};
use test_support::eventually;
use uuid::Uuid;

use crate::client::{Answer, Bank, SOON, daily_from, due_in, fresh_key, order};
use crate::customers::{Person, register};
use crate::on_both_shapes;
use crate::stage::Stage;

on_both_shapes! {
    a_scheduled_order_is_one_transfer_at_its_time,
    a_standing_order_goes_on_until_it_is_cancelled,
    a_transfer_that_fails_ends_no_order,
    the_same_key_is_one_order,
    orders_are_listed_page_by_page,
    the_orders_of_a_customer_who_leaves_are_cancelled,
}

/// A customer with money in an account, and the account of somebody else.
async fn customer_with(bank: &Bank, balance: u64) -> (Bank, String, String) {
    let ada = Uuid::now_v7();
    let account = bank.open_for(&ada.to_string(), "USD", balance).await;
    (bank.as_customer(ada), account, bank.open(0).await)
}

/// The due dates that have come, of these orders, in the order of their streams.
async fn came_due(sources: &Sources, orders: &[String]) -> Vec<RecordedEvent> {
    let mut events = sources.transfers.read_all("transfer-order").await.expect("the store can be read");
    events.retain(|event| {
        event.event_type == "TransferDue" && orders.contains(&event.stream.aggregate_id.to_string())
    });
    events
}

/// The transfers that exist for these orders.
async fn transfers_of(sources: &Sources, orders: &[String]) -> usize {
    let mut events = sources.transfers.read_all("transfer").await.expect("the store can be read");
    events.retain(|event| {
        let payload = event.payload.to_value().expect("JSON");
        let order = payload["transfer"]["orderId"].as_str().map(str::to_owned);
        event.event_type == "MoneyTransferCreated" && order.is_some_and(|order| orders.contains(&order))
    });
    events.len()
}

async fn a_scheduled_order_is_one_transfer_at_its_time(stage: Stage) {
    let (ada, account, target) = customer_with(stage.bank(), 100).await;

    let placed = ada.order(&account, &target, 40, due_in(SOON)).await.expect(201);

    assert_eq!((placed.state(), placed.version()), ("active", 1));
    assert_eq!(placed.header("location"), format!("/v1/transfer-orders/{}", placed.id()));
    assert_eq!(placed.header("etag"), "\"1\"");
    assert_eq!(placed.body["nextDue"]["number"], 1);
    let carried_out = ada.carried_out(&placed.id(), 1).await;
    assert_eq!((carried_out.state(), carried_out.header("etag")), ("completed", "\"2\""));
    assert_eq!(carried_out.body.get("nextDue"), None);
    let shown = &carried_out.body["transfers"][0];
    assert_eq!((&shown["state"], &shown["date"]), (&json!("completed"), &placed.body["nextDue"]["date"]));
    assert_eq!(shown["dueAt"], placed.body["nextDue"]["at"]);
    let transfer = shown["transferId"].as_str().expect("an id");
    let transfer = ada.get(&format!("/v1/transfers/{transfer}")).await.expect(200);
    assert_eq!((&transfer.body["orderId"], &transfer.body["amount"]), (&json!(placed.id()), &json!(40)));
    let time =
        |value: &Value| value.as_str().and_then(|text| text.parse::<DateTime<Utc>>().ok()).expect("a time");
    assert!(time(&transfer.body["createdAt"]) >= time(&shown["dueAt"]), "{transfer:?}");
    stage.bank().balance_becomes(&target, 40).await;
    ada.cancel_order(&placed.id()).await.expect_problem(409, "order-completed");
    stage.end().await;
}

async fn a_standing_order_goes_on_until_it_is_cancelled(stage: Stage) {
    let (ada, account, target) = customer_with(stage.bank(), 100).await;
    let id = ada.order(&account, &target, 40, daily_from(SOON)).await.expect(201).id();

    let carried_out = ada.carried_out(&id, 1).await;

    assert_eq!((carried_out.state(), &carried_out.body["nextDue"]["number"]), ("active", &json!(2)));
    let stale = [("if-match", "\"1\"")];
    let path = format!("/v1/transfer-orders/{id}/cancel");
    ada.post(&path, &stale, json!({})).await.expect_problem(412, "version-mismatch");
    let cancelled = ada.cancel_order(&id).await.expect(200);
    assert_eq!((cancelled.state(), cancelled.version()), ("cancelled", 3));
    assert_eq!(ada.cancel_order(&id).await.expect(200).version(), 3);
    let document = ada.read_order(&id).await.expect(200);
    assert_eq!((document.state(), document.body.get("nextDue")), ("cancelled", None));
    assert_eq!(document.body["transfers"].as_array().map(Vec::len), Some(1), "what was due stays");
    stage.bank().balance_becomes(&target, 40).await;
    stage.end().await;
}

async fn a_transfer_that_fails_ends_no_order(stage: Stage) {
    let (ada, account, target) = customer_with(stage.bank(), 30).await;
    let id = ada.order(&account, &target, 40, daily_from(SOON)).await.expect(201).id();
    // Whoever orders transfers out of somebody else's account gets transfers that fail.
    let mallory = stage.bank().as_customer(Uuid::now_v7());
    let foreign = mallory.order(&account, &target, 10, daily_from(SOON)).await.expect(201).id();

    for (bank, id, reason) in [(&ada, id, "insufficient-funds"), (&mallory, foreign, "account-not-found")] {
        let carried_out = bank.carried_out(&id, 1).await;
        let shown = &carried_out.body["transfers"][0];
        assert_eq!((&shown["state"], &shown["reason"]), (&json!("failed"), &json!(reason)));
        assert_eq!((carried_out.state(), &carried_out.body["nextDue"]["number"]), ("active", &json!(2)));
    }
    stage.bank().balance_becomes(&account, 30).await;
    stage.end().await;
}

async fn the_same_key_is_one_order(stage: Stage) {
    let (ada, account, target) = customer_with(stage.bank(), 100).await;
    let key = fresh_key();
    let headers = [("idempotency-key", key.as_str())];
    let body = order(&account, &target, 40, due_in(SOON));
    ada.post("/v1/transfer-orders", &[], body.clone()).await.expect_problem(400, "idempotency-key-required");

    let first = ada.post("/v1/transfer-orders", &headers, body.clone()).await.expect(201);
    let again = ada.post("/v1/transfer-orders", &headers, body.clone()).await.expect(201);
    ada.carried_out(&first.id(), 1).await;
    // Its start has passed by now, and it is no new order.
    let later = ada.post("/v1/transfer-orders", &headers, body).await.expect(201);

    for repeated in [again, later] {
        assert_eq!(repeated.header("idempotent-replayed"), "true");
        assert_eq!(repeated.body, first.body);
    }
    let other = order(&account, &target, 41, due_in(60));
    ada.post("/v1/transfer-orders", &headers, other).await.expect_problem(422, "idempotency-key-reused");
    let listed = ada.get("/v1/transfer-orders").await.expect(200);
    assert_eq!(listed.body["items"].as_array().map(Vec::len), Some(1));
    stage.end().await;
}

async fn orders_are_listed_page_by_page(stage: Stage) {
    let bank = stage.bank();
    let ada = Uuid::now_v7();
    let (account, target) = (bank.open_for(&ada.to_string(), "USD", 100).await, bank.open(0).await);
    let customer = bank.as_customer(ada);
    let mut placed = Vec::new();
    for amount in 1..=5 {
        placed
            .insert(0, customer.order(&account, &target, amount, daily_from(86_400)).await.expect(201).id());
    }

    let (mut listed, mut path) = (Vec::new(), "/v1/transfer-orders?limit=2".to_owned());
    loop {
        let page = customer.get(&path).await.expect(200);
        listed.extend(ids(&page));
        match page.body["next"].as_str() {
            Some(next) => path = format!("/v1/transfer-orders?limit=2&cursor={next}"),
            None => break,
        }
    }

    assert_eq!(listed, placed, "the youngest first, each once, as soon as they are placed");
    let of_ada = format!("/v1/transfer-orders?customerId={ada}");
    assert_eq!(ids(&bank.get(&of_ada).await.expect(200)), placed);
    let mallory = bank.as_customer(Uuid::now_v7());
    assert_eq!(ids(&mallory.get("/v1/transfer-orders").await.expect(200)), Vec::<String>::new());
    mallory.get(&of_ada).await.expect_problem(403, "forbidden");
    mallory.get("/v1/transfer-orders?cursor=AAAA").await.expect_problem(400, "invalid-cursor");
    mallory.read_order(&placed[0]).await.expect_problem(404, "transfer-order-not-found");
    mallory.cancel_order(&placed[0]).await.expect_problem(404, "transfer-order-not-found");
    assert_eq!(bank.cancel_order(&placed[0]).await.expect(200).state(), "cancelled");
    stage.end().await;
}

fn ids(page: &Answer) -> Vec<String> {
    let items = page.body["items"].as_array().cloned().unwrap_or_default();
    items.iter().filter_map(|item| item["id"].as_str().map(str::to_owned)).collect()
}

async fn the_orders_of_a_customer_who_leaves_are_cancelled(stage: Stage) {
    let bank = stage.bank();
    let ada = register(bank, &Person::new("Ada")).await;
    let account = bank.open_for(&ada.id.to_string(), "USD", 100).await;
    let target = bank.open(0).await;
    let ended = ada.bank.order(&account, &target, 1, due_in(SOON)).await.expect(201).id();
    let standing = ada.bank.order(&account, &target, 2, daily_from(86_400)).await.expect(201).id();
    ada.bank.carried_out(&ended, 1).await;

    ada.bank.call(Method::DELETE, "/v1/customers/me", &[], None).await.expect("an answer").expect(200);

    eventually(|| async {
        let order = bank.read_order(&standing).await;
        if order.state() == "cancelled" { Ok(()) } else { Err(order) }
    })
    .await;
    assert_eq!(bank.read_order(&ended).await.state(), "completed");
    stage.end().await;
}

/// The numbers and days of due dates.
fn days(events: &[RecordedEvent]) -> Vec<(u32, String)> {
    let due = |event: &RecordedEvent| match event.decode().expect("an event of an order") {
        OrderEvent::TransferDue { due, .. } => (due.number, due.date.to_string()),
        other => panic!("{other:?}"),
    };
    events.iter().map(due).collect()
}

/// A schedule in UTC that begins so many days from now.
fn schedule_from(start: chrono::NaiveDate, every: Value) -> Value {
    json!({"startDate": start, "timeOfDay": "09:00", "timeZone": "UTC", "every": every})
}
