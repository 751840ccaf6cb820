//! Why an account refuses whoever stands in front of it.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{LONGEST_HOLD, MAX_OPEN_HOLDS};
use crate::money::{Amount, AmountOrZero, Balance, Currency, MAX_MINOR_UNITS};

/// The rules forbid the command. It serializes as `{"code": ..}` with the fields of the variant.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum AccountRefusal {
    /// The account was never opened.
    #[error("there is no such account")]
    AccountNotFound,
    /// An account for somebody else, the end of an operator's freeze or hold, or a limit that is the bank's to set.
    #[error("only an operator may do this")]
    Forbidden,
    /// The id is taken.
    #[error("the account is open already")]
    AlreadyOpen,
    /// More than may leave the account now.
    #[error("{available} minor units of the account are available, {requested} were asked for")]
    InsufficientFunds {
        /// What may leave. Refusals of before there were holds called it the balance, which it was.
        #[serde(alias = "balance")]
        available: Balance,
        /// What was asked for.
        requested: Amount,
    },
    /// No hold has the id, or it was captured or voided.
    #[error("there is no such hold")]
    HoldNotFound,
    /// The hold's money has been free since its expiry.
    #[error("the hold has expired")]
    HoldExpired,
    /// The id is taken.
    #[error("the hold was placed already")]
    HoldExists,
    /// A capture of more than is held.
    #[error("{held} minor units are held, {requested} were asked for")]
    ExceedsHold {
        /// What is held.
        held: Amount,
        /// What was asked for.
        requested: Amount,
    },
    /// There are [`MAX_OPEN_HOLDS`].
    #[error("an account has at most {MAX_OPEN_HOLDS} open holds")]
    TooManyHolds,
    /// A hold expires after it is placed, and within [`LONGEST_HOLD`].
    #[error("a hold expires in the future, at most {} days from now", LONGEST_HOLD.num_days())]
    InvalidExpiry,
    /// An account cannot be closed while money is held.
    #[error("{count} holds are open; void or capture them first")]
    HoldsOpen {
        /// How many.
        count: usize,
    },
    /// The account owes more than it should be allowed to.
    #[error("the account owes {owed} minor units, with what is held; that is beyond this limit")]
    OverdraftInUse {
        /// How much, with what is held.
        owed: AmountOrZero,
    },
    /// The account is frozen.
    #[error("the account is frozen")]
    AccountFrozen,
    /// The account is closed.
    #[error("the account is closed")]
    AccountClosed,
    /// Money of another currency than the account's.
    #[error("the account is held in {account}, not in {given}")]
    CurrencyMismatch {
        /// The account's currency.
        account: Currency,
        /// The money's currency.
        given: Currency,
    },
    /// The balance would pass [`MAX_MINOR_UNITS`].
    #[error("the account would hold more than {MAX_MINOR_UNITS} minor units")]
    LimitExceeded,
    /// An account that holds money, or owes some, cannot be closed.
    #[error("the account's balance is {balance} minor units and not zero")]
    BalanceNotZero {
        /// What it holds.
        balance: Balance,
    },
}

impl AccountRefusal {
    /// The refusal's word, stable for programs to act on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AccountNotFound => "account-not-found",
            Self::Forbidden => "forbidden",
            Self::AlreadyOpen => "already-open",
            Self::InsufficientFunds { .. } => "insufficient-funds",
            Self::HoldNotFound => "hold-not-found",
            Self::HoldExpired => "hold-expired",
            Self::HoldExists => "hold-exists",
            Self::ExceedsHold { .. } => "exceeds-hold",
            Self::TooManyHolds => "too-many-holds",
            Self::InvalidExpiry => "invalid-expiry",
            Self::HoldsOpen { .. } => "holds-open",
            Self::OverdraftInUse { .. } => "overdraft-in-use",
            Self::AccountFrozen => "account-frozen",
            Self::AccountClosed => "account-closed",
            Self::CurrencyMismatch { .. } => "currency-mismatch",
            Self::LimitExceeded => "limit-exceeded",
            Self::BalanceNotZero { .. } => "balance-not-zero",
        }
    }
}
