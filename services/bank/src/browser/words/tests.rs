use event_store::{CommitId, Metadata, StreamId, Version};

use super::*;

fn event(aggregate_type: &str, event_type: &str, payload: &str) -> RecordedEvent {
    RecordedEvent {
        stream: StreamId::new(aggregate_type, Uuid::from_u128(1)),
        version: Version(3),
        event_id: Uuid::from_u128(2),
        event_type: event_type.to_owned(),
        schema_version: 1,
        payload: domain::event::Payload::parse(payload).unwrap(),
        metadata: Metadata::default(),
        command_id: Uuid::from_u128(4),
        recorded_at: DateTime::UNIX_EPOCH,
        commit_id: CommitId(1),
        ordinal: 0,
    }
}

#[test]
fn amounts_have_the_digits_of_their_currency() {
    let told = |units, code: &str| amount(units, code.parse().unwrap());
    assert_eq!(told(3_000, "EUR"), "30.00 EUR");
    assert_eq!(told(5, "EUR"), "0.05 EUR");
    assert_eq!(told(-5, "EUR"), "-0.05 EUR");
    assert_eq!(told(30, "JPY"), "30 JPY");
    assert_eq!(told(1_234, "KWD"), "1.234 KWD");
}

#[test]
fn pauses_have_the_unit_that_fits() {
    let told = |milliseconds| pause(TimeDelta::milliseconds(milliseconds));
    assert_eq!([told(7), told(1_250), told(90_000), told(7_200_000)], ["7 ms", "1.2 s", "1 min", "2 h"]);
    assert_eq!(told(172_800_000), "2 days");
}

#[test]
fn a_debit_tells_the_money_first() {
    let payload = r#"{"transferId":"00000000-0000-0000-0000-0000abcdef01","balance":4500,"memo":"Rent",
        "money":{"amount":5500,"currency":"USD"},"at":"2026-01-01T12:00:00Z"}"#;
    let told = changes(&event("account", "AccountDebited", payload), None);
    assert_eq!(told, "55.00 USD, balance 45.00 USD, memo \"Rent\", transfer …abcdef01");
}

#[test]
fn what_is_personal_stays_sealed() {
    let payload = r#"{"profile":"q8Zr0Xl2","name":"q8Zr0Xl2"}"#;
    let told = changes(&event("customer", "CustomerRegistered", payload), None);
    assert_eq!(told, "name (sealed), profile (sealed)");
}

#[test]
fn an_account_keeps_the_currency_of_its_opening() {
    let told = changes(&event("account", "OverdraftLimitSet", r#"{"limit":50}"#), "EUR".parse().ok());
    assert_eq!(told, "limit 0.50 EUR");
}
