//! Statements: whatever the period, they say what the events say.

use account_history::view::{EntryView, TransactionType};
use chrono::{Days, Duration, NaiveDate};
use domain::ids::AccountId;
use serde_json::Value;

use crate::http::{reader_of, tokens};
use crate::world::World;

fn entries(statement: &Value) -> Vec<EntryView> {
    serde_json::from_value(statement["entries"].clone()).expect("entries")
}

fn effect(entry: &EntryView) -> i64 {
    let amount = i64::try_from(entry.change.amount.minor_units()).expect("a small amount");
    match entry.change.transaction_type {
        TransactionType::Withdrawal | TransactionType::Capture | TransactionType::Debit => -amount,
        _ => amount,
    }
}

/// An account of some months, with more changes than are read at once.
fn old_account(world: &mut World) -> AccountId {
    let account = world.open("ada", 1_000);
    for _ in 0..1_200 {
        let amount = 1 + world.random.below(50) as u64;
        match world.random.below(2) {
            0 => world.deposit(account, amount),
            _ => world.withdraw(account, amount),
        }
        // Two processes need not agree on the time, and commands may overtake each other.
        let minutes = world.random.below(300) as i64 - 30;
        world.wait(Duration::minutes(minutes));
    }
    account
}

#[tokio::test]
async fn two_periods_side_by_side_are_the_whole() {
    let mut world = World::new(47);
    let account = old_account(&mut world);
    let reader = reader_of(&world).await;
    let mut expected: Vec<EntryView> = reader.all(&format!("/v1/accounts/{account}/entries")).await;
    expected.reverse();
    let (first, last) = (expected[0].change.at.date_naive(), world.now().date_naive() + Days::new(1));
    let between = async |from: NaiveDate, to: NaiveDate| {
        let path = format!("/v1/accounts/{account}/statement?from={from}&to={to}");
        reader.get(&path).await.is::<Value>()
    };

    let whole = between(first, last).await;
    assert_eq!(entries(&whole), expected);
    assert_eq!(whole["openingBalance"], 0);
    for days in [0, 1, 30, 80] {
        let cut = first + Days::new(days);
        let (early, late) = (between(first, cut).await, between(cut + Days::new(1), last).await);
        assert!(!entries(&early).is_empty() && !entries(&late).is_empty(), "{days}");
        assert_eq!(early["closingBalance"], late["openingBalance"], "{days}");
        assert_eq!([entries(&early), entries(&late)].concat(), expected, "{days}");
        for statement in [early, late] {
            let moved: i64 = entries(&statement).iter().map(effect).sum();
            let balance = |name: &str| statement[name].as_i64().expect("a balance");
            assert_eq!(balance("openingBalance") + moved, balance("closingBalance"), "{days}");
        }
    }
}

#[tokio::test]
async fn a_wrong_period_is_told() {
    let mut world = World::new(48);
    let account = world.open("ada", 100);
    let reader = reader_of(&world).await;
    let path = |query: &str| format!("/v1/accounts/{account}/statement{query}");
    for query in [
        "",
        "?from=2026-01-01",
        "?from=2026-02-01&to=2026-01-01",
        "?from=2026-02-30&to=2026-03-01",
        "?from=-262143-01-01&to=2026-01-01",
        "?from=2026-01-01&to=%2B262142-12-31",
        "?from=2026-01-01&to=2026-01-31&format=pdf",
        "?from=2026-01-01&to=2026-01-31&colour=red",
    ] {
        reader.get(&path(query)).await.is_problem(400, "invalid-query");
    }
    let newer = path("?from=2026-01-01&to=2026-01-31&minVersion=1000");
    reader.get(&newer).await.is_problem(412, "view-out-of-date");
    let other = tokens().customer(uuid::Uuid::now_v7());
    reader
        .get_with(&other, &path("?from=2026-01-01&to=2026-01-31"))
        .await
        .is_problem(404, "account-not-found");
}

/// The sender of a transfer chooses its memo: it is text, on a page and in a spreadsheet.
#[tokio::test]
async fn a_memo_is_text_on_a_page_and_in_a_table() {
    let mut world = World::new(49);
    let account = world.open("ada", 100);
    for memo in ["<script>alert(1)</script>", "=HYPERLINK(\"http://e\")", "a, \"b\""] {
        world.deposit_for(account, 5, memo);
    }
    let reader = reader_of(&world).await;
    let path = |format: &str| {
        format!("/v1/accounts/{account}/statement?from=1970-01-01&to=9999-12-31&format={format}")
    };

    let (headers, page) = reader.text(&path("html")).await;
    assert!(headers["content-type"].to_str().expect("text").starts_with("text/html"));
    let policy = headers["content-security-policy"].to_str().expect("text");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("script"), "{policy}");
    assert!(!page.contains("<script") && page.contains("&#60;script&#62;"), "{page}");
    assert!(page.contains(">1.15<"), "the closing balance: {page}");

    let (headers, table) = reader.text(&path("csv")).await;
    assert!(headers["content-type"].to_str().expect("text").starts_with("text/csv"));
    let lines: Vec<_> = table.split("\r\n").collect();
    assert_eq!(lines[0], "time,kind,amount,balance,currency,memo,transfer");
    assert!(lines[3].contains("\"'=HYPERLINK("), "{table}");
    assert!(lines[4].contains("0.05,1.15,USD,\"a, \"\"b\"\"\","), "{table}");
}
