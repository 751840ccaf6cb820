//! Changes for people: their names, and the sign of what moved.

use crate::view::{ChangeView, TransactionType};

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
