//! Why a bulk transfer refuses a command.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{BulkStatus, MAX_LINES};
use crate::transfer::Answer;

/// The rules forbid the command. It serializes as `{"code": ..}` with the fields of the variant.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum BulkTransferRefusal {
    /// It was never created.
    #[error("there is no such bulk transfer")]
    BulkTransferNotFound,
    /// The id is taken by a bulk transfer of something else.
    #[error("another bulk transfer was created with this id")]
    AlreadyCreated,
    /// No lines, or more than [`MAX_LINES`].
    #[error("a bulk transfer has 1 to {MAX_LINES} lines")]
    WrongNumberOfLines,
    /// A line's target is the source.
    #[error("a line of a bulk transfer needs another account than its source")]
    SameAccount,
    /// An answer that nothing asked for: a message before it must have been lost.
    #[error("the bulk transfer is {state}: the answer `{answer}` cannot come now")]
    UnexpectedAnswer {
        /// How far it has come.
        state: BulkStatus,
        /// What the source answered.
        answer: Answer,
    },
    /// Lines become transfers only once they are debited.
    #[error("the bulk transfer is {state}: its lines cannot have become transfers")]
    NotDebited {
        /// How far it has come.
        state: BulkStatus,
    },
}

impl BulkTransferRefusal {
    /// The refusal's word, stable for programs to act on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BulkTransferNotFound => "bulk-transfer-not-found",
            Self::AlreadyCreated => "already-created",
            Self::WrongNumberOfLines => "wrong-number-of-lines",
            Self::SameAccount => "same-account",
            Self::UnexpectedAnswer { .. } => "unexpected-answer",
            Self::NotDebited { .. } => "not-debited",
        }
    }
}
