//! What may leave an account: holds and limits, on both shapes.

use chrono::TimeDelta;
use serde_json::{Value, json};
use test_support::eventually;
use uuid::Uuid;

use crate::client::{Answer, Bank, fresh_key, hold};
use crate::stage::Stage;
use crate::{on_both_shapes, on_every_stage};

on_every_stage! {
    what_is_held_cannot_leave_and_is_paid_out_by_a_capture,
    a_voided_hold_is_free_again,
    an_expired_hold_is_free_at_once_and_recorded_later,
    the_same_key_is_one_hold,
    a_hold_that_cannot_be_is_refused,
    an_account_owes_no_more_than_it_may,
}

/// Their callers have tokens that only the bank's own keys sign.
mod with_keys {
    use super::*;

    on_both_shapes! {
        what_an_operator_holds_is_not_the_owners_to_end,
        transfers_of_a_day_stay_within_the_limit,
    }
}

fn an_hour() -> TimeDelta {
    TimeDelta::hours(1)
}

/// The account's document once its view has seen this version.
async fn seen(bank: &Bank, account: &str, version: i64) -> Answer {
    let path = format!("/v1/accounts/{account}?minVersion={version}");
    eventually(|| async {
        let answer = bank.get(&path).await;
        if answer.status == 200 { Ok(answer) } else { Err(answer) }
    })
    .await
}

async fn what_is_held_cannot_leave_and_is_paid_out_by_a_capture(stage: Stage) {
    let bank = stage.bank();
    let (ada, charles) = (bank.open(100).await, bank.open(0).await);

    let held = bank.hold(&ada, 60, an_hour()).await.expect(201);

    assert_eq!((held.id(), held.version()), (ada.clone(), 3));
    assert_eq!((&held.body["balance"], &held.body["available"]), (&json!(100), &json!(40)));
    bank.withdraw(&ada, 41).await.expect_problem(409, "insufficient-funds");
    bank.hold(&ada, 41, an_hour()).await.expect_problem(409, "insufficient-funds");
    bank.change(&ada, "close").await.expect_problem(409, "holds-open");
    assert_eq!(bank.transfer(&ada, &charles, 41).await.reason(), "insufficient-funds");
    assert_eq!(bank.transfer(&ada, &charles, 40).await.state(), "completed");
    let document = seen(bank, &ada, 5).await;
    assert_eq!((&document.body["balance"], &document.body["available"]), (&json!(60), &json!(0)));
    let listed = &document.body["holds"];
    assert_eq!((&listed[0]["holdId"], &listed[0]["amount"]), (&json!(held.hold_id()), &json!(60)));

    let more = bank.end_hold(&ada, &held.hold_id(), "capture", json!({"amount": 61})).await;
    more.expect_problem(409, "exceeds-hold");
    let captured = bank.end_hold(&ada, &held.hold_id(), "capture", json!({"amount": 15})).await.expect(200);

    assert_eq!((&captured.body["balance"], &captured.body["available"]), (&json!(45), &json!(45)));
    bank.end_hold(&ada, &held.hold_id(), "capture", json!({})).await.expect_problem(404, "hold-not-found");
    let document = seen(bank, &ada, captured.version()).await;
    assert_eq!((&document.body["available"], &document.body["holds"]), (&json!(45), &json!([])));
    assert_eq!(document.body["changes"][0]["transactionType"], "capture");
    assert_eq!(document.body["changes"][0]["memo"], "Hotel");
    // The past shows the hold as it was.
    let past = bank.get(&format!("/v1/accounts/{ada}?at=3")).await.expect(200);
    assert_eq!((&past.body["available"], &past.body["holds"][0]["amount"]), (&json!(40), &json!(60)));
    stage.end().await;
}

async fn a_voided_hold_is_free_again(stage: Stage) {
    let bank = stage.bank();
    let account = bank.open(100).await;
    let held = bank.hold(&account, 100, an_hour()).await.expect(201);
    bank.change(&account, "freeze").await.expect(200);
    let frozen = bank.end_hold(&account, &held.hold_id(), "capture", json!({})).await;
    frozen.expect_problem(409, "account-frozen");

    let voided = bank.end_hold(&account, &held.hold_id(), "void", Value::Null).await;
    voided.expect_problem(422, "invalid-body");
    let voided = bank.end_hold(&account, &held.hold_id(), "void", json!({})).await.expect(200);

    assert_eq!((&voided.body["balance"], &voided.body["available"]), (&json!(100), &json!(100)));
    bank.change(&account, "unfreeze").await.expect(200);
    bank.withdraw(&account, 100).await.expect(200);
    bank.change(&account, "close").await.expect(200);
    stage.end().await;
}

async fn an_expired_hold_is_free_at_once_and_recorded_later(stage: Stage) {
    let bank = stage.bank();
    let account = bank.open(100).await;
    let held = bank.hold(&account, 60, TimeDelta::seconds(1)).await.expect(201);
    eventually(|| async {
        let answer = bank.withdraw(&account, 100).await;
        if answer.status == 200 { Ok(()) } else { Err(answer) }
    })
    .await;
    let late = bank.end_hold(&account, &held.hold_id(), "capture", json!({})).await;
    late.expect_problem(409, "hold-expired");

    let document = eventually(|| async {
        let answer = bank.get(&format!("/v1/accounts/{account}")).await;
        if answer.version() == 5 { Ok(answer) } else { Err(answer) }
    })
    .await;

    assert_eq!((&document.body["balance"], &document.body["holds"]), (&json!(0), &json!([])));
    let late = bank.end_hold(&account, &held.hold_id(), "capture", json!({})).await;
    late.expect_problem(409, "hold-expired");
    bank.end_hold(&account, &held.hold_id(), "void", json!({})).await.expect(200);
    stage.end().await;
}

async fn the_same_key_is_one_hold(stage: Stage) {
    let bank = stage.bank();
    let account = bank.open(100).await;
    let (path, body, key) = (format!("/v1/accounts/{account}/holds"), hold(60, an_hour()), fresh_key());
    let headers = [("idempotency-key", key.as_str())];

    let first = bank.post(&path, &headers, body.clone()).await.expect(201);
    let again = bank.post(&path, &headers, body).await.expect(201);

    assert_eq!((again.hold_id(), again.version()), (first.hold_id(), first.version()));
    assert_eq!(again.header("idempotent-replayed"), "true");
    stage.end().await;
}

async fn a_hold_that_cannot_be_is_refused(stage: Stage) {
    let bank = stage.bank();
    let account = bank.open(100).await;
    for lasts in [TimeDelta::seconds(-1), TimeDelta::days(32)] {
        bank.hold(&account, 1, lasts).await.expect_problem(422, "invalid-expiry");
    }
    let euros = json!({"amount": 1, "currency": "EUR", "expiresAt": hold(1, an_hour())["expiresAt"]});
    let euros = bank.post(&format!("/v1/accounts/{account}/holds"), &[], euros).await;
    euros.expect_problem(422, "currency-mismatch");
    let unknown = fresh_key();
    bank.end_hold(&account, &unknown, "capture", json!({})).await.expect_problem(404, "hold-not-found");
    bank.end_hold(&account, "x", "void", json!({})).await.expect_problem(400, "invalid-path");
    bank.hold(&unknown, 1, an_hour()).await.expect_problem(404, "account-not-found");
    stage.end().await;
}

async fn what_an_operator_holds_is_not_the_owners_to_end(stage: Stage) {
    let bank = stage.bank();
    let ada = Uuid::now_v7();
    let account = bank.open_for(&ada.to_string(), "USD", 100).await;
    let held = bank.hold(&account, 60, an_hour()).await.expect(201).hold_id();
    let owner = bank.as_customer(ada);

    owner.end_hold(&account, &held, "void", json!({})).await.expect_problem(403, "forbidden");
    owner.end_hold(&account, &held, "capture", json!({})).await.expect_problem(403, "forbidden");

    bank.end_hold(&account, &held, "capture", json!({})).await.expect(200);
    stage.end().await;
}

async fn an_account_owes_no_more_than_it_may(stage: Stage) {
    let bank = stage.bank();
    let (ada, charles) = (bank.open(100).await, bank.open(0).await);
    bank.limit(&ada, "overdraft", None).await.expect_problem(422, "invalid-body");
    bank.limit(&ada, "overdraft", Some(50)).await.expect(200);

    assert_eq!(bank.withdraw(&ada, 120).await.expect(200).body["balance"], -20);
    assert_eq!(bank.transfer(&ada, &charles, 31).await.reason(), "insufficient-funds");
    assert_eq!(bank.transfer(&ada, &charles, 30).await.state(), "completed");

    let document = bank.balance_becomes(&ada, -50).await;
    assert_eq!((&document.body["available"], &document.body["overdraftLimit"]), (&json!(0), &json!(50)));
    bank.limit(&ada, "overdraft", Some(49)).await.expect_problem(409, "overdraft-in-use");
    bank.change(&ada, "close").await.expect_problem(409, "balance-not-zero");
    bank.deposit(&ada, 50).await.expect(200);
    bank.limit(&ada, "overdraft", Some(0)).await.expect(200);
    bank.withdraw(&ada, 1).await.expect_problem(409, "insufficient-funds");
    // In every version of the past it was within the limit of then.
    let past = bank.get(&format!("/v1/accounts/{ada}?at=4")).await.expect(200);
    assert_eq!((&past.body["balance"], &past.body["overdraftLimit"]), (&json!(-20), &json!(50)));
    bank.change(&ada, "close").await.expect(200);
    stage.end().await;
}

async fn transfers_of_a_day_stay_within_the_limit(stage: Stage) {
    let bank = stage.bank();
    let customer = Uuid::now_v7();
    let (ada, charles) = (bank.open_for(&customer.to_string(), "USD", 1_000).await, bank.open(0).await);
    let owner = bank.as_customer(customer);
    let silent = json!({"currency": "USD"});
    let silent = owner.post(&format!("/v1/accounts/{ada}/daily-transfer-limit"), &[], silent).await;
    silent.expect_problem(422, "invalid-body");
    owner.limit(&ada, "daily-transfer", Some(200)).await.expect(200);
    owner.limit(&ada, "daily-transfer", Some(100)).await.expect(200);
    owner.limit(&ada, "daily-transfer", Some(101)).await.expect_problem(403, "forbidden");
    owner.limit(&ada, "daily-transfer", None).await.expect_problem(403, "forbidden");

    assert_eq!(owner.transfer(&ada, &charles, 60).await.state(), "completed");
    let beyond = owner.transfer(&ada, &charles, 41).await;

    assert_eq!((beyond.state(), beyond.reason()), ("failed", "limit-exceeded"));
    // What comes back gives its room back.
    bank.change(&charles, "freeze").await.expect(200);
    assert_eq!(owner.transfer(&ada, &charles, 40).await.reason(), "account-frozen");
    bank.change(&charles, "unfreeze").await.expect(200);
    assert_eq!(owner.transfer(&ada, &charles, 40).await.state(), "completed");
    assert_eq!(owner.transfer(&ada, &charles, 1).await.reason(), "limit-exceeded");
    let document = bank.balance_becomes(&ada, 900).await;
    assert_eq!(
        (&document.body["dailyTransferLimit"], &document.body["available"]),
        (&json!(100), &json!(900))
    );
    // Withdrawals are no transfers, and an operator may lift the limit.
    owner.withdraw(&ada, 100).await.expect(200);
    bank.limit(&ada, "daily-transfer", None).await.expect(200);
    assert_eq!(owner.transfer(&ada, &charles, 800).await.state(), "completed");
    stage.end().await;
}
