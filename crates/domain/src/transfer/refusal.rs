//! Why a transfer refuses a command.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::TransferStatus;
use crate::words::words;

words! {
    /// What an account can answer to a transfer's step.
    pub enum Answer {
        /// The source was debited.
        Debit = "debit",
        /// The source refused the debit.
        DebitRejection = "debit-rejection",
        /// The target was credited.
        Credit = "credit",
        /// The target refused the credit.
        CreditRejection = "credit-rejection",
        /// The source took the debit back.
        DebitReversal = "debit-reversal",
    }
}

/// The rules forbid the command. It serializes as `{"code": ..}` with the fields of the variant.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum TransferRefusal {
    /// The transfer was never created.
    #[error("there is no such transfer")]
    TransferNotFound,
    /// Seen, but not theirs to stop or to send back.
    #[error("only who created a transfer cancels it and only its recipient reverses it, or an operator")]
    Forbidden,
    /// The id is taken by a transfer of something else.
    #[error("another transfer was created with this id")]
    AlreadyCreated,
    /// Source and target are the same account.
    #[error("a transfer needs two different accounts")]
    SameAccount,
    /// The debit is recorded, so it cannot be cancelled any more; once completed, it can be reversed.
    #[error("the transfer is {state}: too late to cancel it")]
    TooLate {
        /// How far it has come.
        state: TransferStatus,
    },
    /// Nothing is pending, so that there is nothing to repeat or to give up.
    #[error("the transfer is {state}: it has ended, and no step of it is pending")]
    AlreadyEnded {
        /// How it ended.
        state: TransferStatus,
    },
    /// The refund is pending, which is what giving up comes to.
    #[error(
        "the transfer is {state}: it is given up already and its refund is pending, which can be retried"
    )]
    AlreadyGivenUp {
        /// How far it has come.
        state: TransferStatus,
    },
    /// Nobody gives a transfer up while its accounts may still answer in time.
    #[error("the transfer has time until {deadline}: only one past its deadline can be given up")]
    NotOverdue {
        /// When it is out of time.
        deadline: DateTime<Utc>,
    },
    /// Only a completed transfer can be reversed.
    #[error("the transfer is {state}: only a completed one can be reversed")]
    NotCompleted {
        /// How far it has come.
        state: TransferStatus,
    },
    /// A reversal is under way or completed.
    #[error("the transfer has a reversal already")]
    AlreadyReversed,
    /// An account's answer that nothing asked for: a message before it must have been lost.
    #[error("the transfer is {state}: the answer `{answer}` cannot come now")]
    UnexpectedAnswer {
        /// How far it has come.
        state: TransferStatus,
        /// What the account answered.
        answer: Answer,
    },
}

impl TransferRefusal {
    /// The refusal's word, stable for programs to act on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TransferNotFound => "transfer-not-found",
            Self::Forbidden => "forbidden",
            Self::AlreadyCreated => "already-created",
            Self::SameAccount => "same-account",
            Self::TooLate { .. } => "too-late",
            Self::AlreadyEnded { .. } => "already-ended",
            Self::AlreadyGivenUp { .. } => "already-given-up",
            Self::NotOverdue { .. } => "not-overdue",
            Self::NotCompleted { .. } => "not-completed",
            Self::AlreadyReversed => "already-reversed",
            Self::UnexpectedAnswer { .. } => "unexpected-answer",
        }
    }
}
