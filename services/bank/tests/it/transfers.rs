//! One transfer in every way that it can end, on both shapes.

use serde_json::json;
use uuid::Uuid;

use crate::client::{Answer, bulk, fresh_key, transfer, usd};
use crate::stage::{Stage, stored_events};
use crate::{on_both_shapes, on_every_stage};

on_every_stage! {
    a_transfer_completes,
    insufficient_funds_move_nothing,
    an_unknown_source_moves_nothing,
    an_unknown_target_gives_the_money_back,
    a_frozen_source_moves_nothing,
    a_frozen_target_gives_the_money_back,
    a_closed_source_moves_nothing,
    a_closed_target_gives_the_money_back,
    another_currency_moves_nothing,
    a_target_in_another_currency_gives_the_money_back,
    the_same_account_is_refused_at_once,
    a_reversal_sends_the_money_back_once,
    only_a_completed_transfer_is_reversed,
    a_failed_reversal_frees_the_original,
    a_recorded_debit_is_too_late_to_cancel,
    reading_your_own_writes,
    the_same_key_is_one_transfer,
    many_transfers_start_at_once_and_end_each_on_its_own,
    a_wrong_line_starts_none_of_them,
    a_refusal_under_a_key_is_answered_again,
    deposits_and_withdrawals,
    the_lists_page_through_everything,
}

/// Their callers have tokens that only the bank's own keys sign.
mod with_keys {
    use super::*;

    on_both_shapes! {
        a_dry_run_says_what_would_become_of_it,
    }
}

async fn a_transfer_completes(stage: Stage) {
    let bank = stage.bank();
    let (ada, charles) = (bank.open(10_000).await, bank.open(0).await);

    let answer = bank.transfer(&ada, &charles, 5_500).await;

    assert_eq!(answer.state(), "completed");
    assert_eq!(answer.header("location"), format!("/v1/transfers/{}", answer.id()));
    let document = bank.get(&format!("/v1/transfers/{}", answer.id())).await.expect(200);
    assert_eq!(document.body["amount"], 5_500);
    assert_eq!(document.header("etag"), format!("\"{}\"", document.version()));
    bank.balance_becomes(&ada, 4_500).await;
    let target = bank.balance_becomes(&charles, 5_500).await;
    assert_eq!(target.body["changes"][0]["transactionType"], "credit");
    let shown = test_support::eventually(|| async {
        let account = bank.get(&format!("/v1/accounts/{charles}")).await;
        if account.body["transfers"][0]["state"] == "completed" { Ok(account) } else { Err(account) }
    })
    .await;
    assert_eq!(shown.body["transfers"][0]["transferId"], answer.id());
    stage.end().await;
}

/// Starts a transfer that must fail for `reason`, and checks that neither account has changed.
async fn fails(stage: &Stage, from: &str, to: &str, amount: u64, reason: &str, balances: &[(&str, u64)]) {
    let bank = stage.bank();
    let answer = bank.transfer(from, to, amount).await;
    assert_eq!((answer.state(), answer.reason()), ("failed", reason), "{answer:?}");
    for (account, balance) in balances {
        bank.balance_becomes(account, *balance).await;
    }
}

async fn insufficient_funds_move_nothing(stage: Stage) {
    let (ada, charles) = (stage.bank().open(100).await, stage.bank().open(7).await);
    fails(&stage, &ada, &charles, 101, "insufficient-funds", &[(&ada, 100), (&charles, 7)]).await;
    stage.end().await;
}

async fn an_unknown_source_moves_nothing(stage: Stage) {
    let charles = stage.bank().open(7).await;
    let nobody = Uuid::now_v7().to_string();
    fails(&stage, &nobody, &charles, 1, "account-not-found", &[(&charles, 7)]).await;
    stage.bank().get(&format!("/v1/accounts/{nobody}")).await.expect_problem(404, "account-not-found");
    stage.end().await;
}

async fn an_unknown_target_gives_the_money_back(stage: Stage) {
    let ada = stage.bank().open(100).await;
    let nobody = Uuid::now_v7().to_string();
    fails(&stage, &ada, &nobody, 60, "account-not-found", &[(&ada, 100)]).await;
    stage.end().await;
}

async fn a_frozen_source_moves_nothing(stage: Stage) {
    let (ada, charles) = (stage.bank().open(100).await, stage.bank().open(7).await);
    stage.bank().change(&ada, "freeze").await.expect(200);
    fails(&stage, &ada, &charles, 60, "account-frozen", &[(&ada, 100), (&charles, 7)]).await;
    stage.bank().change(&ada, "unfreeze").await.expect(200);
    assert_eq!(stage.bank().transfer(&ada, &charles, 60).await.state(), "completed");
    stage.end().await;
}

async fn a_frozen_target_gives_the_money_back(stage: Stage) {
    let (ada, charles) = (stage.bank().open(100).await, stage.bank().open(7).await);
    stage.bank().change(&charles, "freeze").await.expect(200);
    fails(&stage, &ada, &charles, 60, "account-frozen", &[(&ada, 100), (&charles, 7)]).await;
    stage.end().await;
}

async fn a_closed_source_moves_nothing(stage: Stage) {
    let (ada, charles) = (stage.bank().open(0).await, stage.bank().open(7).await);
    stage.bank().change(&ada, "close").await.expect(200);
    fails(&stage, &ada, &charles, 1, "account-closed", &[(&charles, 7)]).await;
    stage.end().await;
}

async fn a_closed_target_gives_the_money_back(stage: Stage) {
    let (ada, charles) = (stage.bank().open(100).await, stage.bank().open(0).await);
    stage.bank().change(&charles, "close").await.expect(200);
    fails(&stage, &ada, &charles, 60, "account-closed", &[(&ada, 100)]).await;
    stage.end().await;
}

async fn another_currency_moves_nothing(stage: Stage) {
    let (euros, dollars) = (stage.bank().open_in("EUR", 100).await, stage.bank().open(7).await);
    fails(&stage, &euros, &dollars, 60, "currency-mismatch", &[(&euros, 100), (&dollars, 7)]).await;
    stage.end().await;
}

async fn a_target_in_another_currency_gives_the_money_back(stage: Stage) {
    let (dollars, euros) = (stage.bank().open(100).await, stage.bank().open_in("EUR", 7).await);
    fails(&stage, &dollars, &euros, 60, "currency-mismatch", &[(&dollars, 100), (&euros, 7)]).await;
    stage.end().await;
}

async fn the_same_account_is_refused_at_once(stage: Stage) {
    let ada = stage.bank().open(100).await;
    stage.bank().start_transfer(&ada, &ada, 60).await.expect_problem(422, "same-account");
    stage.end().await;
}

async fn a_reversal_sends_the_money_back_once(stage: Stage) {
    let bank = stage.bank();
    let (ada, charles) = (bank.open(100).await, bank.open(0).await);
    let original = bank.transfer(&ada, &charles, 60).await.id();

    let reversal = bank.reverse(&original).await.expect(201);

    assert_eq!(
        (reversal.state(), reversal.body["reversalOf"].as_str()),
        ("completed", Some(original.as_str()))
    );
    bank.balance_becomes(&ada, 100).await;
    bank.balance_becomes(&charles, 0).await;
    bank.reverse(&original).await.expect_problem(409, "already-reversed");
    stage.end().await;
}

async fn only_a_completed_transfer_is_reversed(stage: Stage) {
    let bank = stage.bank();
    let (ada, charles) = (bank.open(0).await, bank.open(0).await);
    let failed = bank.transfer(&ada, &charles, 60).await.id();
    bank.reverse(&failed).await.expect_problem(409, "not-completed");
    bank.reverse(&Uuid::now_v7().to_string()).await.expect_problem(404, "transfer-not-found");
    stage.end().await;
}

async fn a_failed_reversal_frees_the_original(stage: Stage) {
    let bank = stage.bank();
    let (ada, charles) = (bank.open(100).await, bank.open(0).await);
    let original = bank.transfer(&ada, &charles, 60).await.id();
    bank.withdraw(&charles, 60).await.expect(200);

    let failed = bank.reverse(&original).await.expect(201);
    assert_eq!((failed.state(), failed.reason()), ("failed", "insufficient-funds"));
    bank.deposit(&charles, 60).await.expect(200);

    let completed = test_support::eventually(|| async {
        let again = bank.reverse(&original).await;
        // Until the original has taken note of the failure, it still counts as being reversed.
        if again.status == 201 { Ok(again) } else { Err(again) }
    })
    .await;
    assert_eq!(completed.state(), "completed");
    assert_ne!(completed.id(), failed.id());
    bank.balance_becomes(&ada, 100).await;
    stage.end().await;
}

async fn a_recorded_debit_is_too_late_to_cancel(stage: Stage) {
    let bank = stage.bank();
    let (ada, charles) = (bank.open(100).await, bank.open(0).await);
    let completed = bank.transfer(&ada, &charles, 60).await.id();
    bank.cancel(&completed).await.expect_problem(409, "too-late");
    bank.cancel(&Uuid::now_v7().to_string()).await.expect_problem(404, "transfer-not-found");
    stage.end().await;
}

async fn reading_your_own_writes(stage: Stage) {
    let bank = stage.bank();
    let account = bank.open(100).await;
    let deposit = bank.deposit(&account, 50).await.expect(200);
    assert_eq!((deposit.body["balance"].as_u64(), deposit.version()), (Some(150), 3));
    assert_eq!(deposit.header("etag"), "\"3\"");

    let path = format!("/v1/accounts/{account}?minVersion=3");
    let headers = [("prefer", "wait=30")];
    let seen = bank.call(reqwest::Method::GET, &path, &headers, None).await.expect("an answer").expect(200);
    assert_eq!((seen.body["balance"].as_u64(), seen.version()), (Some(150), 3));

    let ahead = bank.get(&format!("/v1/accounts/{account}?minVersion=4")).await;
    let ahead = ahead.expect_problem(412, "view-out-of-date");
    assert_eq!(ahead.version(), 3);
    assert!(!ahead.header("retry-after").is_empty());
    stage.end().await;
}

async fn the_same_key_is_one_transfer(stage: Stage) {
    let bank = stage.bank();
    let (ada, charles) = (bank.open(100).await, bank.open(0).await);
    let key = fresh_key();
    let headers = [("idempotency-key", key.as_str())];
    let all = futures::future::join_all(
        (0..8).map(|_| bank.post("/v1/transfers", &headers, transfer(&ada, &charles, 60))),
    )
    .await;

    // Whoever comes while the first one is at work is told so.
    let (told, accepted): (Vec<_>, Vec<_>) = all.into_iter().partition(|answer| answer.status == 409);
    assert!(told.iter().all(|answer| answer.code() == "idempotency-key-in-use"), "{told:?}");
    let first = accepted[0].id();
    assert!(accepted.iter().all(|answer| answer.status == 202 && answer.id() == first), "{accepted:?}");
    let replayed = |answer: &&Answer| answer.header("idempotent-replayed") == "true";
    assert_eq!(accepted.iter().filter(replayed).count(), accepted.len() - 1);
    let again = bank.post("/v1/transfers", &headers, transfer(&ada, &charles, 60)).await.expect(202);
    assert!(replayed(&&again) && again.id() == first, "{again:?}");
    let other = bank.post("/v1/transfers", &headers, transfer(&ada, &charles, 61)).await;
    other.expect_problem(422, "idempotency-key-reused");
    bank.post("/v1/transfers", &[], transfer(&ada, &charles, 1))
        .await
        .expect_problem(400, "idempotency-key-required");
    bank.ended(&first).await;
    bank.balance_becomes(&ada, 40).await;
    stage.end().await;
}

async fn a_dry_run_says_what_would_become_of_it(stage: Stage) {
    let bank = stage.bank();
    let (ada, charles) = (bank.open(100).await, bank.open(0).await);
    let (euros, frozen, unknown) =
        (bank.open_in("EUR", 0).await, bank.open(0).await, Uuid::now_v7().to_string());
    bank.change(&frozen, "freeze").await.expect(200);
    let outsider = bank.as_customer(Uuid::now_v7());
    let before = stored_events(stage.sources()).await;
    let cases = [
        (bank, &ada, &charles, 100, None),
        (bank, &ada, &charles, 101, Some("insufficient-funds")),
        (bank, &ada, &euros, 1, Some("currency-mismatch")),
        (bank, &ada, &frozen, 1, Some("account-frozen")),
        (bank, &ada, &unknown, 1, Some("account-not-found")),
        (bank, &unknown, &charles, 1, Some("account-not-found")),
        (bank, &ada, &ada, 1, Some("same-account")),
        (&outsider, &ada, &charles, 1, Some("account-not-found")),
    ];
    for (caller, from, to, amount, reason) in &cases {
        let answer =
            caller.post("/v1/transfers?dryRun=true", &[], transfer(from, to, *amount)).await.expect(200);
        let would_be = if reason.is_some() { "failed" } else { "completed" };
        assert_eq!((&answer.body["wouldBe"], answer.body["reason"].as_str()), (&json!(would_be), *reason));
    }
    if stage.is_alone() {
        assert_eq!(stored_events(stage.sources()).await, before, "something was made");
    }
    bank.post("/v1/transfers?dryRun=perhaps", &[], transfer(&ada, &charles, 1))
        .await
        .expect_problem(400, "invalid-query");
    // What it said is what becomes of it.
    for (caller, from, to, amount, reason) in cases.iter().filter(|(_, from, to, ..)| from != to).rev() {
        let answer = caller.transfer(from, to, *amount).await;
        assert_eq!(
            (answer.state() == "completed", answer.reason()),
            (reason.is_none(), reason.unwrap_or("")),
            "{answer:?}"
        );
    }
    stage.end().await;
}

async fn many_transfers_start_at_once_and_end_each_on_its_own(stage: Stage) {
    let bank = stage.bank();
    let (ada, charles, euros) = (bank.open(100).await, bank.open(0).await, bank.open_in("EUR", 0).await);
    let key = fresh_key();
    let headers = [("idempotency-key", key.as_str())];
    let body = bulk(&ada, &[(&charles, 30), (&euros, 20), (&charles, 40)]);
    let started = bank.post("/v1/bulk-transfers", &headers, body.clone()).await.expect(202);
    let ids = |answer: &Answer| -> Vec<String> {
        let items = answer.body["items"].as_array().expect("items");
        items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
    };

    let mut ends = Vec::new();
    for id in ids(&started) {
        let end = bank.ended(&id).await;
        ends.push((end.state().to_owned(), end.reason().to_owned()));
    }
    let (done, refused) = (("completed", ""), ("failed", "currency-mismatch"));
    let owned = |(state, reason): (&str, &str)| (state.to_owned(), reason.to_owned());
    assert_eq!(ends, [done, refused, done].map(owned));
    bank.balance_becomes(&ada, 30).await;
    bank.balance_becomes(&charles, 70).await;

    let again = bank.post("/v1/bulk-transfers", &headers, body).await.expect(202);
    assert_eq!((ids(&again), again.header("idempotent-replayed")), (ids(&started), "true"));
    // Not even a line more.
    let longer = bulk(&ada, &[(&charles, 30), (&euros, 20), (&charles, 40), (&charles, 1)]);
    let other = bank.post("/v1/bulk-transfers", &headers, longer).await;
    other.expect_problem(422, "idempotency-key-reused");
    bank.post("/v1/bulk-transfers", &[], bulk(&ada, &[(&charles, 1)]))
        .await
        .expect_problem(400, "idempotency-key-required");
    bank.balance_becomes(&ada, 30).await;
    stage.end().await;
}

async fn a_wrong_line_starts_none_of_them(stage: Stage) {
    let bank = stage.bank();
    let (ada, charles) = (bank.open(100).await, bank.open(0).await);
    let many = vec![(charles.as_str(), 1); 101];
    for (lines, pointer) in [
        (&[(charles.as_str(), 1), (charles.as_str(), 0)][..], "/lines/1/amount"),
        (&[(charles.as_str(), 1), (ada.as_str(), 1)], "/lines/1/toAccountId"),
        (&[(charles.as_str(), 1), ("nobody", 1)], "/lines/1/toAccountId"),
        (&many, "/lines"),
        (&[], "/lines"),
    ] {
        let key = fresh_key();
        let headers = [("idempotency-key", key.as_str())];
        let refused = bank.post("/v1/bulk-transfers", &headers, bulk(&ada, lines)).await;
        assert_eq!(refused.expect_problem(422, "invalid-body").body["pointer"], pointer);
    }
    let answer = bank.transfer(&ada, &charles, 100).await;
    assert_eq!(answer.state(), "completed", "nothing had left the account: {answer:?}");
    stage.end().await;
}

async fn a_refusal_under_a_key_is_answered_again(stage: Stage) {
    let bank = stage.bank();
    let account = bank.open(0).await;
    let path = format!("/v1/accounts/{account}/withdrawals");
    let key = fresh_key();
    let headers = [("idempotency-key", key.as_str())];
    let first = bank.post(&path, &headers, usd(5)).await.expect_problem(409, "insufficient-funds");
    assert_eq!(first.header("idempotent-replayed"), "");
    bank.deposit(&account, 5).await.expect(200);
    let again = bank.post(&path, &headers, usd(5)).await.expect_problem(409, "insufficient-funds");
    assert_eq!(again.header("idempotent-replayed"), "true");
    bank.withdraw(&account, 5).await.expect(200);
    stage.end().await;
}

async fn deposits_and_withdrawals(stage: Stage) {
    let bank = stage.bank();
    let account = bank.open(100).await;
    bank.withdraw(&account, 101).await.expect_problem(409, "insufficient-funds");
    bank.change(&account, "close").await.expect_problem(409, "balance-not-zero");
    assert_eq!(bank.withdraw(&account, 100).await.expect(200).body["balance"], 0);
    bank.change(&account, "freeze").await.expect(200);
    bank.deposit(&account, 1).await.expect_problem(409, "account-frozen");
    bank.change(&account, "unfreeze").await.expect(200);
    bank.change(&account, "close").await.expect(200);
    bank.deposit(&account, 1).await.expect_problem(409, "account-closed");
    bank.deposit(&Uuid::now_v7().to_string(), 1).await.expect_problem(404, "account-not-found");
    let euros = json!({"amount": 1, "currency": "EUR"});
    let dollars = bank.open(1).await;
    let other = bank.post(&format!("/v1/accounts/{dollars}/deposits"), &[], euros).await;
    other.expect_problem(422, "currency-mismatch");
    stage.end().await;
}

async fn the_lists_page_through_everything(stage: Stage) {
    let bank = stage.bank();
    let customer = format!("customer-{}", Uuid::now_v7());
    let body = json!({"customerId": customer, "title": "Daily", "currency": "USD"});
    let mut opened = Vec::new();
    for _ in 0..5 {
        opened.push(bank.post("/v1/accounts", &[], body.clone()).await.expect(201).id());
    }
    for amount in 1..=5 {
        bank.deposit(&opened[0], amount).await.expect(200);
    }
    bank.balance_becomes(&opened[0], 15).await;
    bank.balance_becomes(&opened[4], 0).await;

    let accounts = all_pages(&stage, &format!("/v1/accounts?customerId={customer}")).await;
    let mut listed: Vec<&str> = accounts.iter().filter_map(|account| account["id"].as_str()).collect();
    listed.sort_unstable();
    assert_eq!(listed, opened.iter().map(String::as_str).collect::<Vec<_>>());
    let entries = all_pages(&stage, &format!("/v1/accounts/{}/entries?", opened[0])).await;
    let mut amounts: Vec<u64> = entries.iter().filter_map(|entry| entry["amount"].as_u64()).collect();
    amounts.sort_unstable();
    assert_eq!(amounts, [1, 2, 3, 4, 5]);
    stage.end().await;
}

/// Follows `next` with two items a page.
async fn all_pages(stage: &Stage, path: &str) -> Vec<serde_json::Value> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = stage.bank().get(&format!("{path}&limit=2{cursor}").replace("?&", "?")).await.expect(200);
        let page_items = page.body["items"].as_array().expect("items").clone();
        assert!(page_items.len() <= 2);
        items.extend(page_items);
        match page.body["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}
