//! How far a transfer has come, and which answers brought it there.

use serde::{Deserialize, Serialize};

use super::{Answer, PendingStep, RefusalReason, UnwindReason};
use crate::words::words;

words! {
    /// How far a transfer has come, as the world sees it.
    pub enum TransferStatus {
        /// Created; the source was asked for the debit.
        Initial = "initial",
        /// The money left the source; the target was asked to credit it.
        Debited = "debited",
        /// The money arrived. An end.
        Completed = "completed",
        /// The target refused; the source was asked to take the debit back.
        Refunding = "refunding",
        /// An account refused, and nothing moved in the end. An end.
        Failed = "failed",
        /// Somebody cancelled; the debit's answer decides what has to be undone.
        Cancelling = "cancelling",
        /// Cancelled, and nothing moved in the end. An end.
        Cancelled = "cancelled",
    }
}

impl TransferStatus {
    /// Whether nothing more will happen of itself.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// The state of the saga.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Phase {
    Initial,
    Debited,
    Completed,
    /// The target refused, or somebody cancelled and the money had already left the source.
    Refunding(UnwindReason),
    Failed {
        reason: RefusalReason,
        refunded: bool,
    },
    /// The debit's answer is still to come.
    Cancelling,
    Cancelled {
        refunded: bool,
    },
}

impl Phase {
    pub(super) fn status(self) -> TransferStatus {
        match self {
            Self::Initial => TransferStatus::Initial,
            Self::Debited => TransferStatus::Debited,
            Self::Completed => TransferStatus::Completed,
            Self::Refunding(UnwindReason::Refused(_)) => TransferStatus::Refunding,
            Self::Failed { .. } => TransferStatus::Failed,
            Self::Cancelling | Self::Refunding(UnwindReason::Cancelled) => TransferStatus::Cancelling,
            Self::Cancelled { .. } => TransferStatus::Cancelled,
        }
    }

    pub(super) fn reason(self) -> Option<RefusalReason> {
        match self {
            Self::Refunding(UnwindReason::Refused(reason)) | Self::Failed { reason, .. } => Some(reason),
            _ => None,
        }
    }

    pub(super) fn pending_step(self) -> Option<PendingStep> {
        match self {
            Self::Initial | Self::Cancelling => Some(PendingStep::Debit),
            Self::Debited => Some(PendingStep::Credit),
            Self::Refunding(reason) => Some(PendingStep::Reversal { reason }),
            Self::Completed | Self::Failed { .. } | Self::Cancelled { .. } => None,
        }
    }

    /// The answers that led here, in their order.
    pub(super) fn answers(self) -> &'static [Answer] {
        use Answer::{Credit, CreditRejection, Debit, DebitRejection, DebitReversal};
        match self {
            Self::Initial | Self::Cancelling => &[],
            Self::Debited | Self::Refunding(UnwindReason::Cancelled) => &[Debit],
            Self::Completed => &[Debit, Credit],
            Self::Refunding(UnwindReason::Refused(_)) => &[Debit, CreditRejection],
            Self::Failed { refunded: false, .. } | Self::Cancelled { refunded: false } => &[DebitRejection],
            Self::Failed { refunded: true, .. } => &[Debit, CreditRejection, DebitReversal],
            Self::Cancelled { refunded: true } => &[Debit, DebitReversal],
        }
    }
}
