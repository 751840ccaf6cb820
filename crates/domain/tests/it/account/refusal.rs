//! What a refusal says.

use domain::account::AccountRefusal;

use crate::fixtures::*;

fn every_refusal() -> [AccountRefusal; 8] {
    [
        AccountRefusal::AccountNotFound,
        AccountRefusal::AlreadyOpen,
        AccountRefusal::InsufficientFunds { balance: balance(1), requested: amount(2) },
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
    let refusal = AccountRefusal::InsufficientFunds { balance: balance(100), requested: amount(250) };
    assert_eq!(refusal.to_string(), "the account holds 100 minor units, 250 were asked for");
}
