//! Atomic bulk transfers, on both shapes: all lines leave an account at once or none does, and each arrives or comes back
//! by itself.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Answer, Bank, atomic, bulk, fresh_key};
use crate::on_both_shapes;
use crate::stage::Stage;

on_both_shapes! {
    all_lines_leave_at_once_and_arrive,
    a_cent_too_much_takes_nothing,
    a_line_that_is_refused_comes_back_alone,
    a_hundred_lines_are_one_event_and_a_hundred_entries,
    the_same_key_is_one_bulk_transfer,
    nobody_pays_from_somebody_elses_account,
    the_lines_of_a_day_stay_within_the_limit_together,
    a_wrong_line_starts_nothing,
    a_trial_says_what_the_source_would_say,
}

fn ended(ends: &[(&str, &str)]) -> Vec<(String, String)> {
    ends.iter().map(|(state, reason)| ((*state).to_owned(), (*reason).to_owned())).collect()
}

async fn entries(bank: &Bank, account: &str, limit: usize) -> Vec<Value> {
    let (mut entries, mut cursor) = (Vec::new(), String::new());
    loop {
        let page =
            bank.get(&format!("/v1/accounts/{account}/entries?limit={limit}{cursor}")).await.expect(200);
        entries.extend(page.body["items"].as_array().expect("items").clone());
        match page.body["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return entries,
        }
    }
}

async fn all_lines_leave_at_once_and_arrive(stage: Stage) {
    let bank = stage.bank();
    let (ada, charles, grace) = (bank.open(100).await, bank.open(0).await, bank.open(0).await);

    let answer = bank.bulk_transfer(&ada, &[(&charles, 30), (&grace, 20), (&charles, 5)]).await;

    assert_eq!(answer.state(), "debited");
    assert_eq!(answer.header("preference-applied"), "wait=30");
    assert_eq!(answer.header("location"), format!("/v1/bulk-transfers/{}", answer.id()));
    assert_eq!(bank.lines_ended(&answer).await, ended(&[("completed", ""); 3]));
    let document = bank.balance_becomes(&ada, 45).await;
    bank.balance_becomes(&charles, 35).await;
    bank.balance_becomes(&grace, 20).await;
    // One event of the account, three changes, each with the balance that it would have left by itself.
    assert_eq!(document.version(), 3, "opened, paid in, debited: {document:?}");
    let change = |place: usize| {
        let change = &document.body["changes"][place];
        (change["amount"].as_u64(), change["balance"].as_u64(), change["transferId"].clone())
    };
    let ids = answer.transfer_ids();
    assert_eq!(change(0), (Some(5), Some(45), json!(ids[2])));
    assert_eq!(change(1), (Some(20), Some(50), json!(ids[1])));
    assert_eq!(change(2), (Some(30), Some(70), json!(ids[0])));
    let transfer = bank.get(&format!("/v1/transfers/{}", ids[0])).await.expect(200);
    assert_eq!(transfer.body["bulkId"], answer.id());
    bank.cancel(&ids[0]).await.expect_problem(409, "too-late");
    let read = bank.get(&format!("/v1/bulk-transfers/{}", answer.id())).await.expect(200);
    assert_eq!((&read.body["lines"], read.state()), (&answer.body["lines"], "debited"));
    // A line can be sent back like any transfer.
    assert_eq!(bank.reverse(&ids[1]).await.expect(201).state(), "completed");
    bank.balance_becomes(&ada, 65).await;
    stage.end().await;
}

async fn a_cent_too_much_takes_nothing(stage: Stage) {
    let bank = stage.bank();
    let (ada, charles) = (bank.open(100).await, bank.open(0).await);

    let answer = bank.bulk_transfer(&ada, &[(&charles, 60), (&charles, 41)]).await;

    assert_eq!((answer.state(), answer.reason()), ("failed", "insufficient-funds"));
    for transfer in answer.transfer_ids() {
        bank.get(&format!("/v1/transfers/{transfer}")).await.expect_problem(404, "transfer-not-found");
    }
    assert_eq!(bank.bulk_transfer(&ada, &[(&charles, 60), (&charles, 40)]).await.state(), "debited");
    bank.balance_becomes(&ada, 0).await;
    bank.balance_becomes(&charles, 100).await;
    stage.end().await;
}

async fn a_line_that_is_refused_comes_back_alone(stage: Stage) {
    let bank = stage.bank();
    let (ada, charles, closed) = (bank.open(100).await, bank.open(0).await, bank.open(0).await);
    bank.change(&closed, "close").await.expect(200);
    let unknown = Uuid::now_v7().to_string();

    let answer = bank.bulk_transfer(&ada, &[(&closed, 10), (&charles, 20), (&unknown, 30)]).await;

    assert_eq!(answer.state(), "debited");
    let (closed, arrived, unknown) =
        (("failed", "account-closed"), ("completed", ""), ("failed", "account-not-found"));
    assert_eq!(bank.lines_ended(&answer).await, ended(&[closed, arrived, unknown]));
    bank.balance_becomes(&ada, 80).await;
    bank.balance_becomes(&charles, 20).await;
    let changes = entries(bank, &ada, 50).await;
    let kinds: Vec<_> = changes.iter().filter_map(|change| change["transactionType"].as_str()).collect();
    let (back, debit) = ("debit-reversal", "debit");
    assert_eq!(kinds, [back, back, debit, debit, debit, "deposit"]);
    stage.end().await;
}

/// Lists of entries go on in the middle of an event, and statements add up.
async fn a_hundred_lines_are_one_event_and_a_hundred_entries(stage: Stage) {
    let bank = stage.bank();
    let (ada, charles) = (bank.open(10_000).await, bank.open(0).await);
    let lines: Vec<(&str, u64)> = (1..=100).map(|cents| (charles.as_str(), cents)).collect();

    let answer = bank.bulk_transfer(&ada, &lines).await;

    assert_eq!(bank.lines_ended(&answer).await, ended(&[("completed", ""); 100]));
    bank.balance_becomes(&charles, 5_050).await;
    assert_eq!(bank.balance_becomes(&ada, 4_950).await.version(), 3);
    bank.deposit(&ada, 1).await.expect(200);
    bank.balance_becomes(&ada, 4_951).await;
    let all = entries(bank, &ada, 200).await;
    assert_eq!(all.len(), 102, "two deposits and a hundred lines");
    for limit in [1, 7, 100] {
        assert_eq!(entries(bank, &ada, limit).await, all, "pages of {limit}");
    }
    let places: BTreeSet<_> =
        all.iter().map(|entry| (entry["version"].as_i64(), entry["line"].as_u64())).collect();
    let ids: BTreeSet<_> = all.iter().map(|entry| entry["changeId"].as_str()).collect();
    assert_eq!((places.len(), ids.len()), (102, 102), "each entry has a place and an id of its own");
    let amounts: Vec<_> = all[1..101].iter().filter_map(|entry| entry["amount"].as_u64()).collect();
    assert_eq!(amounts, (1..=100).rev().collect::<Vec<_>>());
    let statement = bank.get(&format!("/v1/accounts/{ada}/statement?from=2020-01-01&to=2099-12-31")).await;
    assert_eq!(statement.expect(200).body["entries"].as_array().map(Vec::len), Some(102));
    let past = bank.get(&format!("/v1/accounts/{ada}?at=3")).await.expect(200);
    assert_eq!((&past.body["balance"], &past.body["changes"][0]["amount"]), (&json!(4_950), &json!(100)));
    let before = bank.get(&format!("/v1/accounts/{ada}?at=2")).await.expect(200);
    assert_eq!((&before.body["balance"], &before.body["changes"][1]), (&json!(10_000), &Value::Null));
    stage.end().await;
}

async fn the_same_key_is_one_bulk_transfer(stage: Stage) {
    let bank = stage.bank();
    let (ada, charles) = (bank.open(100).await, bank.open(0).await);
    let key = fresh_key();
    let headers = [("idempotency-key", key.as_str())];
    let (path, body) = ("/v1/bulk-transfers", atomic(&ada, &[(&charles, 30), (&charles, 20)]));
    let first = bank.post(path, &headers, body.clone()).await.expect(202);

    let again = bank.post(path, &headers, body.clone()).await.expect(202);

    assert_eq!((again.id(), again.transfer_ids()), (first.id(), first.transfer_ids()));
    assert_eq!(again.header("idempotent-replayed"), "true");
    let waiting = [("idempotency-key", key.as_str()), ("prefer", "wait=30")];
    assert_eq!(bank.post(path, &waiting, body).await.expect(201).state(), "debited");
    // Not another amount, and not the same lines in the other way.
    for other in
        [atomic(&ada, &[(&charles, 30), (&charles, 21)]), bulk(&ada, &[(&charles, 30), (&charles, 20)])]
    {
        bank.post(path, &headers, other).await.expect_problem(422, "idempotency-key-reused");
    }
    let key = fresh_key();
    let headers = [("idempotency-key", key.as_str())];
    bank.post(path, &headers, bulk(&ada, &[(&charles, 1), (&charles, 2)])).await.expect(202);
    let other = bank.post(path, &headers, atomic(&ada, &[(&charles, 1), (&charles, 2)])).await;
    other.expect_problem(422, "idempotency-key-reused");
    let keyless = bank.post(path, &[], atomic(&ada, &[(&charles, 1)])).await;
    keyless.expect_problem(400, "idempotency-key-required");
    bank.balance_becomes(&ada, 47).await;
    bank.balance_becomes(&charles, 53).await;
    stage.end().await;
}

async fn nobody_pays_from_somebody_elses_account(stage: Stage) {
    let bank = stage.bank();
    let (owner, outsider) = (Uuid::now_v7(), Uuid::now_v7());
    let account = bank.open_for(&owner.to_string(), "USD", 100).await;
    let own = bank.open_for(&outsider.to_string(), "USD", 0).await;
    let (ada, mallory) = (bank.as_customer(owner), bank.as_customer(outsider));

    let stolen = mallory.bulk_transfer(&account, &[(&own, 10), (&own, 20)]).await;

    assert_eq!((stolen.state(), stolen.reason()), ("failed", "account-not-found"));
    let path = |answer: &Answer| format!("/v1/bulk-transfers/{}", answer.id());
    mallory.get(&path(&stolen)).await.expect(200);
    ada.get(&path(&stolen)).await.expect_problem(404, "bulk-transfer-not-found");
    // What an operator pays from her account, its owner sees.
    let paid = bank.bulk_transfer(&account, &[(&own, 10), (&own, 20)]).await;
    assert_eq!(paid.state(), "debited");
    ada.get(&path(&paid)).await.expect(200);
    mallory.get(&path(&paid)).await.expect_problem(404, "bulk-transfer-not-found");
    // The recipient of a line sees the line.
    bank.lines_ended(&paid).await;
    mallory.get(&format!("/v1/transfers/{}", paid.transfer_ids()[0])).await.expect(200);
    bank.get(&format!("/v1/bulk-transfers/{}", Uuid::now_v7()))
        .await
        .expect_problem(404, "bulk-transfer-not-found");
    bank.get("/v1/bulk-transfers/nothing").await.expect_problem(400, "invalid-path");
    bank.balance_becomes(&account, 70).await;
    bank.balance_becomes(&own, 30).await;
    stage.end().await;
}

async fn the_lines_of_a_day_stay_within_the_limit_together(stage: Stage) {
    let bank = stage.bank();
    let customer = Uuid::now_v7();
    let (ada, charles) = (bank.open_for(&customer.to_string(), "USD", 1_000).await, bank.open(0).await);
    let owner = bank.as_customer(customer);
    owner.limit(&ada, "daily-transfer", Some(100)).await.expect(200);
    let unknown = Uuid::now_v7().to_string();

    let beyond = owner.bulk_transfer(&ada, &[(&charles, 60), (&charles, 41)]).await;
    assert_eq!((beyond.state(), beyond.reason()), ("failed", "limit-exceeded"));
    let within = owner.bulk_transfer(&ada, &[(&charles, 60), (&unknown, 40)]).await;
    assert_eq!(within.state(), "debited");
    // The line that comes back gives its room back.
    assert_eq!(owner.lines_ended(&within).await[1], ("failed".to_owned(), "account-not-found".to_owned()));
    assert_eq!(owner.transfer(&ada, &charles, 41).await.reason(), "limit-exceeded");
    assert_eq!(owner.transfer(&ada, &charles, 40).await.state(), "completed");
    bank.balance_becomes(&ada, 900).await;
    stage.end().await;
}

async fn a_wrong_line_starts_nothing(stage: Stage) {
    let bank = stage.bank();
    let (ada, charles) = (bank.open(100).await, bank.open(0).await);
    let many = vec![(charles.as_str(), 1); 101];
    for (lines, pointer) in [
        (&[(charles.as_str(), 1), (charles.as_str(), 0)][..], "/lines/1/amount"),
        (&[(charles.as_str(), 1), (ada.as_str(), 1)], "/lines/1/toAccountId"),
        (&many, "/lines"),
        (&[], "/lines"),
    ] {
        let key = fresh_key();
        let headers = [("idempotency-key", key.as_str())];
        let refused = bank.post("/v1/bulk-transfers", &headers, atomic(&ada, lines)).await;
        assert_eq!(refused.expect_problem(422, "invalid-body").body["pointer"], pointer);
    }
    let mut unknown = atomic(&ada, &[(&charles, 1)]);
    unknown["mode"] = json!("some");
    let key = fresh_key();
    let refused = bank.post("/v1/bulk-transfers", &[("idempotency-key", &key)], unknown).await;
    assert_eq!(refused.expect_problem(422, "invalid-body").body["pointer"], "/mode");
    // More than any number holds is more than there is.
    let most = 9_007_199_254_740_991;
    let answer = bank.bulk_transfer(&ada, &[(&charles, most), (&charles, most)]).await;
    assert_eq!((answer.state(), answer.reason()), ("failed", "insufficient-funds"));
    assert_eq!(bank.transfer(&ada, &charles, 100).await.state(), "completed", "nothing had left the account");
    stage.end().await;
}

async fn a_trial_says_what_the_source_would_say(stage: Stage) {
    let bank = stage.bank();
    let (ada, charles) = (bank.open(100).await, bank.open(0).await);
    let unknown = Uuid::now_v7().to_string();
    let path = "/v1/bulk-transfers?dryRun=true";

    // Whether a line arrives is another question.
    let fits = bank.post(path, &[], atomic(&ada, &[(&charles, 60), (&unknown, 40)])).await.expect(200);
    let beyond = bank.post(path, &[], atomic(&ada, &[(&charles, 60), (&charles, 41)])).await.expect(200);
    let foreign = bank.as_customer(Uuid::now_v7());
    let foreign = foreign.post(path, &[], atomic(&ada, &[(&charles, 1)])).await.expect(200);

    assert_eq!(fits.body, json!({"wouldBe": "debited"}));
    assert_eq!(beyond.body, json!({"wouldBe": "failed", "reason": "insufficient-funds"}));
    assert_eq!(foreign.body, json!({"wouldBe": "failed", "reason": "account-not-found"}));
    let each = bank.post(path, &[], bulk(&ada, &[(&charles, 1)])).await;
    each.expect_problem(400, "invalid-query");
    let other = bank.post("/v1/bulk-transfers?tryRun=true", &[], atomic(&ada, &[(&charles, 1)])).await;
    other.expect_problem(400, "invalid-query");
    assert_eq!(bank.transfer(&ada, &charles, 100).await.state(), "completed", "nothing had left the account");
    stage.end().await;
}
