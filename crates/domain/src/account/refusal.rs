//! Why an account refuses whoever stands in front of it.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::money::{Amount, Balance, Currency, MAX_MINOR_UNITS};

/// The rules forbid the command. It serializes as `{"code": ..}` with the fields of the variant.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum AccountRefusal {
    /// The account was never opened.
    #[error("there is no such account")]
    AccountNotFound,
    /// An account for somebody else, or the lifting of an operator's freeze.
    #[error("only an operator may do this")]
    Forbidden,
    /// The id is taken.
    #[error("the account is open already")]
    AlreadyOpen,
    /// A withdrawal of more than there is.
    #[error("the account holds {balance} minor units, {requested} were asked for")]
    InsufficientFunds {
        /// What the account holds.
        balance: Balance,
        /// What was asked for.
        requested: Amount,
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
    /// An account that holds money cannot be closed.
    #[error("the account still holds {balance} minor units")]
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
            Self::AccountFrozen => "account-frozen",
            Self::AccountClosed => "account-closed",
            Self::CurrencyMismatch { .. } => "currency-mismatch",
            Self::LimitExceeded => "limit-exceeded",
            Self::BalanceNotZero { .. } => "balance-not-zero",
        }
    }
}
