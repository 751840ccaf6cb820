//! Amounts, balances and currencies.

use domain::money::{Amount, AmountOrZero, Balance, Currency, MAX_MINOR_UNITS, Money};
use serde_json::{from_str, to_string};

use crate::fixtures::*;

#[test]
fn an_amount_is_one_to_the_largest_exact_number() {
    assert_eq!(MAX_MINOR_UNITS, 9_007_199_254_740_991);
    for fitting in [1, 5500, MAX_MINOR_UNITS] {
        assert_eq!(amount(fitting).minor_units(), fitting);
        assert_eq!(from_str::<Amount>(&fitting.to_string()).expect("it fits"), amount(fitting));
    }
    for unfitting in ["0", "-1", "9007199254740992", "18446744073709551616", "1.5", "1.0", "\"1\"", "null"] {
        let error = from_str::<Amount>(unfitting).expect_err(unfitting).to_string();
        assert!(error.contains("from 1 to 9007199254740991"), "{unfitting}: {error}");
    }
}

#[test]
fn a_balance_is_no_further_from_zero_than_the_largest_exact_number() {
    for fitting in ["-9007199254740991", "-1", "0", "9007199254740991"] {
        let read: Balance = from_str(fitting).expect("it fits");
        assert_eq!(
            (read.to_string(), to_string(&read).expect("it serializes")),
            (fitting.into(), fitting.into())
        );
    }
    for unfitting in ["-9007199254740992", "9007199254740992", "18446744073709551615", "0.5"] {
        let error = from_str::<Balance>(unfitting).expect_err(unfitting).to_string();
        assert!(error.contains("from -9007199254740991 to 9007199254740991"), "{unfitting}: {error}");
    }
    assert!(Balance::ZERO.is_zero() && !balance(1).is_zero() && !balance(-1).is_zero());
}

#[test]
fn a_limit_may_be_nothing() {
    assert_eq!(from_str::<AmountOrZero>("0").expect("it fits"), AmountOrZero::ZERO);
    assert_eq!((amount_or_zero(0).amount(), amount_or_zero(1).amount()), (None, Some(amount(1))));
    for unfitting in ["-1", "9007199254740992"] {
        let error = from_str::<AmountOrZero>(unfitting).expect_err(unfitting).to_string();
        assert!(error.contains("from 0 to 9007199254740991"), "{unfitting}: {error}");
    }
}

#[test]
fn a_balance_never_passes_its_bounds() {
    assert_eq!(balance(70).checked_add(amount(30)), Some(balance(100)));
    assert_eq!(balance(MAX_MINOR_UNITS - 1).checked_add(amount(1)), Some(Balance::MAX));
    assert_eq!(Balance::MAX.checked_add(amount(1)), None);
    assert_eq!(balance(100).checked_sub(amount(100)), Some(Balance::ZERO));
    assert_eq!(balance(100).checked_sub(amount(101)), Some(balance(-1)));
    assert_eq!(balance(-1).checked_add(amount(1)), Some(Balance::ZERO));
    assert_eq!(Balance::MIN.checked_sub(amount(1)), None);
}

#[test]
fn a_currency_is_an_active_iso_4217_code() {
    for code in ["USD", "EUR", "JPY", "KWD", "XCG"] {
        assert_eq!(currency(code).code(), code);
        assert_eq!(to_string(&currency(code)).expect("a currency serializes"), format!("\"{code}\""));
    }
    for unknown in ["usd", "US", "USDT", "XXX", "DEM", "HRK", "", "€€€"] {
        let error = unknown.parse::<Currency>().expect_err(unknown).to_string();
        assert!(error.contains("ISO 4217") && error.contains(unknown), "{error}");
    }
    assert!(from_str::<Currency>("\"usd\"").is_err());
}

#[test]
fn a_currency_knows_the_digits_of_its_minor_unit() {
    for (code, digits) in [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4)] {
        assert_eq!(currency(code).minor_unit_digits(), digits, "{code}");
    }
}

/// An unsorted table would hide a currency from the search.
#[test]
fn every_currency_is_found_by_its_code_once() {
    let mut codes: Vec<String> = Currency::all().map(String::from).collect();
    assert_eq!(codes.len(), 165);
    for code in &codes {
        assert_eq!(currency(code).code(), code);
    }
    codes.sort();
    codes.dedup();
    assert_eq!(codes.len(), 165);
}

#[test]
fn money_is_an_integer_and_a_code() {
    let json = r#"{"amount":5500,"currency":"USD"}"#;
    assert_eq!(to_string(&usd(5500)).expect("money serializes"), json);
    assert_eq!(from_str::<Money>(json).expect("and comes back"), usd(5500));
}

#[test]
fn the_point_is_where_the_currency_has_it() {
    let in_currency =
        |minor_units, code: &str| code.parse::<Currency>().expect("it is one").decimal(minor_units);
    assert_eq!(in_currency(123_456, "EUR"), "1234.56");
    assert_eq!(in_currency(5, "EUR"), "0.05");
    assert_eq!(in_currency(-5, "EUR"), "-0.05");
    assert_eq!(in_currency(0, "EUR"), "0.00");
    assert_eq!(in_currency(-1234, "JPY"), "-1234");
    assert_eq!(in_currency(1234, "KWD"), "1.234");
}
