//! Why an order refuses a command.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::ScheduleRule;

/// The rules forbid the command. It serializes as `{"code": ..}` with the fields of the variant.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum OrderRefusal {
    /// It was never placed, or is none of the actor's business.
    #[error("there is no such order")]
    TransferOrderNotFound,
    /// The id is taken by another order.
    #[error("another order was placed with this id")]
    AlreadyPlaced,
    /// Source and target are the same account.
    #[error("a transfer needs two different accounts")]
    SameAccount,
    /// The schedule contradicts itself.
    #[error("{}", rule.sentence())]
    InvalidSchedule {
        /// What it breaks.
        rule: ScheduleRule,
    },
    /// The first due date is not to come.
    #[error("the first due date must be later than now")]
    StartPassed,
    /// Its last due date has come, so that there is nothing left to cancel.
    #[error("the order is completed: too late to cancel it")]
    OrderCompleted,
}

impl OrderRefusal {
    /// The refusal's word, stable for programs to act on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TransferOrderNotFound => "transfer-order-not-found",
            Self::AlreadyPlaced => "already-placed",
            Self::SameAccount => "same-account",
            Self::InvalidSchedule { .. } => "invalid-schedule",
            Self::StartPassed => "start-passed",
            Self::OrderCompleted => "order-completed",
        }
    }
}
