//! `bank verify` finds what must never be: each invariant is broken on purpose, in the stored files.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::json;
use sqlx::{Connection, Executor, SqliteConnection};
use tempfile::TempDir;
use test_support::{Service, eventually};

use crate::client::{Bank, SOON, due_in};
use crate::crash::tokens_in;
use crate::customers::{Person, register};

/// The files of a bank that has opened two accounts, completed a transfer, refused one and refunded one, has two
/// customers, an order that was due, a third account that owes as much as it may, by a captured hold, a fourth that has paid
/// a fifth by an atomic bulk transfer, and a webhook of the operators.
async fn a_healthy_bank() -> TempDir {
    let dir = TempDir::new().expect("a folder");
    let binary = Path::new(env!("CARGO_BIN_EXE_bank"));
    let data = data(&dir).display().to_string();
    let arguments = ["--listen", "127.0.0.1:0", "--log", "warn", "--data-dir", &data];
    let service = Service::start(binary, arguments, None::<(&str, &str)>, &dir.path().join("bank.log"));
    let bank = Bank::at(&service.url, tokens_in(dir.path()));
    let hook =
        bank.post("/v1/webhooks", &[], json!({"url": "https://hooks.invalid/"})).await.expect(201).id();
    register(&bank, &Person::new("Eve")).await;
    let customer = register(&bank, &Person::new("Ada")).await.bank;
    let renamed = Some(r#"{"name": "Ada Lovelace"}"#.to_owned());
    customer.call(Method::PATCH, "/v1/customers/me", &[], renamed).await.expect("an answer").expect(200);
    let (ada, charles) = (bank.open(10_000).await, bank.open(0).await);
    assert_eq!(bank.transfer(&ada, &charles, 5_500).await.state(), "completed");
    assert_eq!(bank.transfer(&ada, &charles, 50_000).await.state(), "failed");
    bank.change(&charles, "freeze").await.expect(200);
    assert_eq!(bank.transfer(&ada, &charles, 1).await.state(), "failed");
    let (savings, pension) = (bank.open(5).await, bank.open(0).await);
    let order = bank.order(&savings, &pension, 5, due_in(SOON)).await.expect(201).id();
    bank.carried_out(&order, 1).await;
    let overdrawn = bank.open(0).await;
    bank.limit(&overdrawn, "overdraft", Some(50)).await.expect(200);
    let held = bank.hold(&overdrawn, 50, TimeDelta::hours(1)).await.expect(201).hold_id();
    bank.end_hold(&overdrawn, &held, "capture", json!({})).await.expect(200);
    let (payer, paid) = (bank.open(100).await, bank.open(0).await);
    let bulk = bank.bulk_transfer(&payer, &[(&paid, 40), (&paid, 2)]).await;
    bank.lines_ended(&bulk).await;
    assert_eq!(bank.bulk_transfer(&payer, &[(&paid, 40), (&paid, 20)]).await.state(), "failed");
    eventually(|| async {
        let told = bank.get(&format!("/v1/webhooks/{hook}/deliveries?limit=1")).await.expect(200);
        if told.body["items"] == json!([]) { Err(told) } else { Ok(()) }
    })
    .await;
    eventually(|| async {
        let output = verify(&dir);
        let caught_up = !String::from_utf8_lossy(&output.stdout).contains("behind");
        if output.status.success() && caught_up { Ok(()) } else { Err(output) }
    })
    .await;
    dir
}

fn data(dir: &TempDir) -> PathBuf {
    dir.path().join("data")
}

fn verify(dir: &TempDir) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bank"))
        .args(["verify", "--data-dir"])
        .arg(data(dir))
        .output()
        .expect("the binary runs")
}

/// Breaks one thing with SQL, and expects `verify` to name the invariant and the difference.
async fn planted(file: &str, statement: &'static str, expected: &str) {
    let dir = a_healthy_bank().await;
    let url = format!("sqlite://{}", data(&dir).join(file).display());
    let mut connection = SqliteConnection::connect(&url).await.expect("the file opens");
    let changed = connection.execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    assert!(changed.rows_affected() > 0, "{statement} plants nothing");
    connection.close().await.expect("the file closes");

    let output = verify(&dir);

    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{printed}");
    assert!(printed.contains(expected), "expected `{expected}` in:\n{printed}");
}

#[tokio::test]
async fn a_deposit_that_was_changed() {
    let statement = "UPDATE events SET payload = json_set(payload, '$.money.amount', 10001) \
                     WHERE event_type = 'AccountDeposited'";
    planted("accounts.sqlite", statement, "balances and money in flight equal deposits minus withdrawals")
        .await;
}

/// The account that gets frozen holds 5500, so that a withdrawal of 5501 in that place overdraws it.
#[tokio::test]
async fn a_withdrawal_of_more_than_there_is() {
    let statement = "UPDATE events SET event_type = 'AccountWithdrawn', payload = \
                     '{\"money\":{\"amount\":5501,\"currency\":\"USD\"},\"balance\":0,\"at\":\"2026-01-01T00:00:00Z\"}' \
                     WHERE event_type = 'AccountFrozen'";
    planted("accounts.sqlite", statement, "no account is below its overdraft limit in any version").await;
}

#[tokio::test]
async fn a_limit_below_what_is_owed() {
    let statement = "UPDATE events SET payload = json_set(payload, '$.limit', 49) \
                     WHERE event_type = 'OverdraftLimitSet'";
    planted("accounts.sqlite", statement, "the balance is -50 at version 4, the limit 49").await;
}

#[tokio::test]
async fn a_capture_that_was_changed() {
    let statement = "UPDATE events SET payload = json_set(payload, '$.money.amount', 49) \
                     WHERE event_type = 'HoldCaptured'";
    planted("accounts.sqlite", statement, "balances and money in flight equal deposits minus withdrawals")
        .await;
}

#[tokio::test]
async fn a_debit_without_a_credit_behind_a_completed_transfer() {
    let statement = "UPDATE events SET event_type = 'AccountUnfrozen', payload = '{\"at\":\"2026-01-01T00:00:00Z\"}' \
                     WHERE event_type = 'AccountCredited'";
    planted("accounts.sqlite", statement, "`completed` with 1 debits, 0 credits and 0 reversals").await;
}

#[tokio::test]
async fn a_transfer_that_never_ended() {
    // It is pending again; its deadline is made to have passed long ago.
    let statement = "DELETE FROM events WHERE event_type = 'CreditRecorded'; \
                     UPDATE events SET payload = json_set(payload, '$.transfer.deadline', '2020-01-01T00:00:00Z') \
                     WHERE event_type = 'MoneyTransferCreated'";
    planted("transfers.sqlite", statement, "still `debited`").await;
}

#[tokio::test]
async fn a_line_that_was_changed() {
    let statement = "UPDATE events SET payload = json_set(payload, '$.lines[0].amount', 41) \
                     WHERE event_type = 'AccountLinesDebited'";
    planted("accounts.sqlite", statement, "its source was not debited once for just its lines").await;
    planted("accounts.sqlite", statement, "balances and money in flight equal deposits minus withdrawals")
        .await;
}

#[tokio::test]
async fn a_bulk_transfer_without_its_debit() {
    let statement = "UPDATE events SET event_type = 'AccountUnfrozen', payload = '{\"at\":\"2026-01-01T00:00:00Z\"}' \
                     WHERE event_type = 'AccountLinesDebited'";
    planted("accounts.sqlite", statement, "`debited` with 0 debits").await;
}

#[tokio::test]
async fn a_debit_behind_a_failed_bulk_transfer() {
    let statement = "UPDATE events SET event_type = 'BulkTransferFailed', \
                     payload = json_object('bulkId', json_extract(payload, '$.bulk.bulkId'), 'reason', 'account-closed') \
                     WHERE event_type = 'BulkDebitRecorded'";
    planted("transfers.sqlite", statement, "`failed` with 1 debits").await;
}

#[tokio::test]
async fn a_debited_line_that_is_no_transfer() {
    let statement = "DELETE FROM events WHERE json_extract(payload, '$.transfer.bulkId') IS NOT NULL";
    planted("transfers.sqlite", statement, "was debited and is no transfer of it").await;
}

#[tokio::test]
async fn a_transfer_that_says_it_is_a_line_of_another_bulk_transfer() {
    let statement = "UPDATE events SET payload = json_set(payload, '$.transfer.bulkId', \
                     '018f4f64-0000-7000-8000-00000000b01c') WHERE event_type = 'MoneyTransferCreated'";
    planted("transfers.sqlite", statement, "says it is a line of it, and is none").await;
}

#[tokio::test]
async fn a_bulk_transfer_whose_lines_never_began() {
    // Its deadline is made to have passed long ago.
    let statement = "DELETE FROM events WHERE event_type = 'BulkLinesStarted' \
                     OR json_extract(payload, '$.transfer.bulkId') IS NOT NULL; \
                     UPDATE events SET payload = json_set(payload, '$.bulk.deadline', '2020-01-01T00:00:00Z') \
                     WHERE event_type = 'BulkTransferCreated'";
    planted("transfers.sqlite", statement, "still `debited` and not done").await;
}

#[tokio::test]
async fn a_due_date_with_another_transfer() {
    let statement = "UPDATE events SET payload = json_set(payload, '$.transferId', \
                     '00000000-0000-0000-0000-000000000001') WHERE event_type = 'TransferDue'";
    planted("transfers.sqlite", statement, "has transfer 00000000-0000-0000-0000-000000000001 for").await;
}

#[tokio::test]
async fn a_transfer_of_an_order_that_was_not_due() {
    let statement = "DELETE FROM events WHERE event_type = 'TransferDue'";
    planted("transfers.sqlite", statement, "names it, and it was not due").await;
}

#[tokio::test]
async fn a_transfer_of_more_than_was_ordered() {
    let statement = "UPDATE events SET payload = json_set(payload, '$.order.money.amount', 4) \
                     WHERE event_type = 'TransferDue'";
    planted("transfers.sqlite", statement, "moves something else").await;
}

#[tokio::test]
async fn a_due_date_of_long_ago_without_a_transfer() {
    let statement = "UPDATE events SET payload = json_set(payload, '$.at', '2020-01-01T00:00:00Z') \
                     WHERE event_type = 'TransferDue'; \
                     DELETE FROM events WHERE event_type = 'MoneyTransferCreated' \
                     AND payload ->> '$.transfer.orderId' IS NOT NULL";
    planted("transfers.sqlite", statement, "and has no transfer").await;
}

#[tokio::test]
async fn a_missing_event() {
    let statement = "DELETE FROM events WHERE event_type = 'AccountDebited' AND version = 3";
    planted("accounts.sqlite", statement, "version 3 is missing").await;
}

#[tokio::test]
async fn an_event_that_cannot_be_read() {
    let statement = "UPDATE events SET payload = '{}' WHERE event_type = 'AccountDeposited'";
    planted("accounts.sqlite", statement, "cannot be read").await;
}

#[tokio::test]
async fn a_command_with_two_effects() {
    let statement = "UPDATE events SET command_id = (SELECT command_id FROM events WHERE event_type = 'AccountDebited') \
                     WHERE event_type = 'AccountCredited'";
    planted("accounts.sqlite", statement, "every command has one effect").await;
}

#[tokio::test]
async fn a_message_that_is_not_in_the_topic() {
    let statement = "DELETE FROM messages WHERE rowid = (SELECT max(rowid) FROM messages)";
    planted("bus.sqlite", statement, "neither in the topic nor in the outbox").await;
}

/// Money booked on another account: every total is right, and yet it is wrong.
#[tokio::test]
async fn a_credit_on_the_wrong_account() {
    let statement = "UPDATE events SET payload = json_set(payload, '$.transfer.toAccountId', \
                     json_extract(payload, '$.transfer.fromAccountId')) WHERE event_type = 'MoneyTransferCreated'";
    planted("transfers.sqlite", statement, "it moved").await;
}

#[tokio::test]
async fn a_message_that_is_no_event() {
    let statement = "UPDATE messages SET headers = '[]' WHERE rowid = (SELECT max(rowid) FROM messages)";
    planted("bus.sqlite", statement, "is no event of this bank").await;
}

#[tokio::test]
async fn a_message_that_says_something_else() {
    let statement =
        "UPDATE messages SET payload = CAST('{}' AS BLOB) WHERE rowid = (SELECT max(rowid) FROM messages)";
    planted("bus.sqlite", statement, "says something else in the topic than in the store").await;
}

#[tokio::test]
async fn a_message_that_nobody_stored() {
    let statement = "DELETE FROM events WHERE event_type = 'AccountFrozen'";
    planted("accounts.sqlite", statement, "is in the topic but not in the store").await;
}

#[tokio::test]
async fn a_view_that_shows_another_balance() {
    planted("views.sqlite", VIEW_PLANT, "every view equals a replay of the events").await;
}

#[tokio::test]
async fn a_customer_without_a_key() {
    planted("vault.sqlite", "DELETE FROM customers", "is a customer, and the vault has no key of theirs")
        .await;
}

#[tokio::test]
async fn a_key_of_somebody_else() {
    let statement = "UPDATE customers SET data_key = zeroblob(32)";
    planted("vault.sqlite", statement, "has a key that does not open their profile").await;
}

#[tokio::test]
async fn an_address_that_its_customer_does_not_hold() {
    planted("vault.sqlite", "DELETE FROM emails", "does not hold the address of their profile").await;
    let statement = "UPDATE emails SET customer_id = (SELECT min(customer_id) FROM customers)";
    planted("vault.sqlite", statement, "does not hold the address of their profile").await;
}

#[tokio::test]
async fn a_key_of_somebody_who_was_erased() {
    let statement = "UPDATE events SET event_type = 'CustomerErased', payload = '{\"at\":\"2026-01-01T00:00:00Z\"}' \
                     WHERE event_type = 'CustomerProfileChanged'";
    planted("customers.sqlite", statement, "was erased, and the vault has their key").await;
}

/// As if operators' webhook were hers.
#[tokio::test]
async fn a_webhook_that_tells_somebody_of_others() {
    let statement = "UPDATE webhooks SET owner = 'mallory'";
    planted("webhooks.sqlite", statement, "the customer mallory was told of version 1, which is not theirs")
        .await;
}

/// The document is JSON in the view's file.
const VIEW_PLANT: &str = "UPDATE accounts SET document = json_set(document, '$.account.balance', 1)";
