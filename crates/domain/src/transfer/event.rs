//! What can have happened to a transfer.
//!
//! Invariant: every event of the saga carries the transfer's details, so that an account can act on it, and a
//! view show it, without looking anything up.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Intervention, RefusalReason, TransferDetails, UnwindReason};
use crate::DomainEvent;
use crate::event::EventType;
use crate::ids::TransferId;
use crate::text::{Actor, CustomerId, Memo};

/// A fact about a transfer. `at` is the time of the decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "type", content = "data", rename_all_fields = "camelCase")]
pub enum TransferEvent {
    /// It began; the source is to debit.
    MoneyTransferCreated {
        /// The transfer.
        transfer: TransferDetails,
        /// When.
        at: DateTime<Utc>,
    },
    /// The source was debited; the target is to credit.
    DebitRecorded {
        /// The transfer.
        transfer: TransferDetails,
        /// Whose account it is; unknown when the answer does not say.
        #[serde(skip_serializing_if = "Option::is_none")]
        owner: Option<CustomerId>,
    },
    /// The target was credited: the transfer completed.
    CreditRecorded {
        /// The transfer.
        transfer: TransferDetails,
        /// Whose account it is; unknown when the answer does not say.
        #[serde(skip_serializing_if = "Option::is_none")]
        owner: Option<CustomerId>,
    },
    /// The target refused; the source is to take the debit back.
    CreditRejectionRecorded {
        /// The transfer.
        transfer: TransferDetails,
        /// Why the target refused.
        reason: RefusalReason,
    },
    /// An account refused, and nothing moved in the end.
    MoneyTransferFailed {
        /// The transfer.
        transfer: TransferDetails,
        /// Why the account refused.
        reason: RefusalReason,
    },
    /// Somebody wants it stopped; the debit's answer decides what has to be undone.
    CancellationRequested {
        /// The transfer.
        transfer: TransferDetails,
        /// Why.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<Memo>,
        /// When.
        at: DateTime<Utc>,
    },
    /// The money had left the source before the cancellation; the source is to take the debit back.
    CancellationRefundStarted {
        /// The transfer.
        transfer: TransferDetails,
    },
    /// It was stopped, and nothing moved in the end.
    MoneyTransferCancelled {
        /// The transfer.
        transfer: TransferDetails,
    },
    /// An answer is overdue: the account is to answer now, by a refusal if it has not answered yet.
    DeadlinePassed {
        /// The transfer.
        transfer: TransferDetails,
        /// The step whose answer is overdue.
        pending: PendingStep,
        /// How many times the deadline has passed, this time included.
        attempt: u32,
        /// When somebody looks again.
        next_check_at: DateTime<Utc>,
    },
    /// An operator presses for an answer: the account is to carry out the pending step, or to refuse it, if it has not
    /// answered yet.
    InterventionRecorded {
        /// The transfer.
        transfer: TransferDetails,
        /// The step whose answer is awaited.
        pending: PendingStep,
        /// What is asked for.
        intervention: Intervention,
        /// Who asks; left out where it is nobody's business.
        #[serde(skip_serializing_if = "Option::is_none")]
        operator: Option<Actor>,
        /// Why.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<Memo>,
        /// When.
        at: DateTime<Utc>,
    },
    /// The money of this completed transfer is to move back; the new transfer is to be created.
    ReversalStarted {
        /// The new transfer.
        reversal: TransferDetails,
        /// Why.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<Memo>,
        /// When.
        at: DateTime<Utc>,
    },
    /// The reversal came to nothing.
    ReversalFailed {
        /// The new transfer.
        reversal_id: TransferId,
        /// Why.
        reason: UnwindReason,
    },
    /// The money has moved back.
    ReversalCompleted {
        /// The new transfer.
        reversal_id: TransferId,
    },
}

/// A step of the saga whose answer is awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum PendingStep {
    /// The source is to debit.
    Debit,
    /// The target is to credit.
    Credit,
    /// The source is to take the debit back.
    Reversal {
        /// Why.
        reason: UnwindReason,
    },
}

impl DomainEvent for TransferEvent {
    const TYPES: &'static [EventType] = &[
        EventType { name: "MoneyTransferCreated", schema_version: 1 },
        EventType { name: "DebitRecorded", schema_version: 1 },
        EventType { name: "CreditRecorded", schema_version: 1 },
        EventType { name: "CreditRejectionRecorded", schema_version: 1 },
        EventType { name: "MoneyTransferFailed", schema_version: 1 },
        EventType { name: "CancellationRequested", schema_version: 1 },
        EventType { name: "CancellationRefundStarted", schema_version: 1 },
        EventType { name: "MoneyTransferCancelled", schema_version: 1 },
        EventType { name: "DeadlinePassed", schema_version: 1 },
        EventType { name: "InterventionRecorded", schema_version: 1 },
        EventType { name: "ReversalStarted", schema_version: 1 },
        EventType { name: "ReversalFailed", schema_version: 1 },
        EventType { name: "ReversalCompleted", schema_version: 1 },
    ];
}
