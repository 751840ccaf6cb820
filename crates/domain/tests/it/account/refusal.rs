//! What a refusal says.

use domain::account::AccountRefusal;

use crate::fixtures::*;

fn every_refusal() -> [AccountRefusal; 17] {
    [
        AccountRefusal::AccountNotFound,
        AccountRefusal::AlreadyOpen,
        AccountRefusal::Forbidden,
        AccountRefusal::InsufficientFunds { available: balance(1), requested: amount(2) },
        AccountRefusal::HoldNotFound,
        AccountRefusal::HoldExpired,
        AccountRefusal::HoldExists,
        AccountRefusal::ExceedsHold { held: amount(1), requested: amount(2) },
        AccountRefusal::TooManyHolds,
        AccountRefusal::InvalidExpiry,
        AccountRefusal::HoldsOpen { count: 1 },
        AccountRefusal::OverdraftInUse { owed: amount_or_zero(1) },
        AccountRefusal::AccountFrozen,
        AccountRefusal::AccountClosed,
        AccountRefusal::CurrencyMismatch { account: currency("USD"), given: currency("EUR") },
        AccountRefusal::LimitExceeded,
        AccountRefusal::BalanceNotZero { balance: balance(1) },
    ]
}

#[test]
fn a_refusal_is_stored_under_its_code() {
    for refusal in every_refusal() {
        let stored = serde_json::to_value(&refusal).expect("a refusal serializes");
        assert_eq!(stored["code"], refusal.code());
        assert_eq!(serde_json::from_value::<AccountRefusal>(stored).expect("and comes back"), refusal);
    }
}

#[test]
fn a_refusal_says_what_was_there_and_what_was_asked_for() {
    let refusal = AccountRefusal::InsufficientFunds { available: balance(100), requested: amount(250) };
    let text = "100 minor units of the account are available, 250 were asked for";
    assert_eq!(refusal.to_string(), text);
}

#[test]
fn a_refusal_of_before_there_were_holds_is_still_readable() {
    let stored = r#"{"code":"insufficient-funds","balance":100,"requested":250}"#;
    assert_eq!(
        serde_json::from_str::<AccountRefusal>(stored).expect("it is readable"),
        AccountRefusal::InsufficientFunds { available: balance(100), requested: amount(250) }
    );
}
