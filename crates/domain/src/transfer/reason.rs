//! Why a transfer does not go through.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::words::words;

words! {
    /// Why an account refuses a debit or a credit.
    pub enum RefusalReason {
        /// The source has less available than the amount.
        InsufficientFunds = "insufficient-funds",
        /// The account was never opened, or is none of the actor's business.
        AccountNotFound = "account-not-found",
        /// The account is closed.
        AccountClosed = "account-closed",
        /// The account is frozen.
        AccountFrozen = "account-frozen",
        /// Source and target are the same account.
        SameAccount = "same-account",
        /// The account is held in another currency.
        CurrencyMismatch = "currency-mismatch",
        /// The source's transfers of the day would pass its limit, or the target's balance the largest that an account
        /// may have.
        LimitExceeded = "limit-exceeded",
        /// The transfer's deadline came first.
        DeadlineExceeded = "deadline-exceeded",
    }
}

/// Why a transfer is undone: it was cancelled, or an account refused its part. One word in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnwindReason {
    /// Somebody cancelled it.
    Cancelled,
    /// An account refused its part.
    #[serde(untagged)]
    Refused(RefusalReason),
}

impl UnwindReason {
    /// The word as it stands in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Refused(reason) => reason.as_str(),
        }
    }
}

impl From<RefusalReason> for UnwindReason {
    fn from(reason: RefusalReason) -> Self {
        Self::Refused(reason)
    }
}

impl fmt::Display for UnwindReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
