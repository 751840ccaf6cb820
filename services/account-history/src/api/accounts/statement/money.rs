//! Money for people: minor units with the currency's decimal point, and the sign of what moved.

use domain::money::Currency;

use crate::view::{ChangeView, TransactionType};

/// `-1234` minor units of EUR read `-12.34`, of JPY `-1234`.
pub(super) fn decimal(minor_units: i128, currency: Currency) -> String {
    let digits = usize::from(currency.minor_unit_digits());
    let sign = if minor_units < 0 { "-" } else { "" };
    let text = format!("{:0width$}", minor_units.unsigned_abs(), width = digits + 1);
    let (whole, fraction) = text.split_at(text.len() - digits);
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// What the change did to the balance, in minor units.
pub(super) fn effect(change: &ChangeView) -> i128 {
    let amount = i128::from(change.amount.minor_units());
    match change.transaction_type {
        TransactionType::Deposit | TransactionType::Credit | TransactionType::DebitReversal => amount,
        TransactionType::Withdrawal | TransactionType::Capture | TransactionType::Debit => -amount,
    }
}

/// What people call it.
pub(super) fn name(transaction_type: TransactionType) -> &'static str {
    match transaction_type {
        TransactionType::Deposit => "deposit",
        TransactionType::Withdrawal => "withdrawal",
        TransactionType::Capture => "held money collected",
        TransactionType::Debit => "transfer out",
        TransactionType::Credit => "transfer in",
        TransactionType::DebitReversal => "transfer returned",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_point_is_where_the_currency_has_it() {
        let in_currency = |minor_units, code: &str| decimal(minor_units, code.parse().unwrap());
        assert_eq!(in_currency(123_456, "EUR"), "1234.56");
        assert_eq!(in_currency(5, "EUR"), "0.05");
        assert_eq!(in_currency(-5, "EUR"), "-0.05");
        assert_eq!(in_currency(0, "EUR"), "0.00");
        assert_eq!(in_currency(-1234, "JPY"), "-1234");
        assert_eq!(in_currency(1234, "KWD"), "1.234");
    }
}
