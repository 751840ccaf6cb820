//! What can have happened to a bulk transfer.
//!
//! Invariant: an event after which somebody must act carries what they need for it, so that they look nothing up.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::BulkDetails;
use crate::DomainEvent;
use crate::event::EventType;
use crate::ids::{AccountId, BulkId};
use crate::text::CustomerId;
use crate::transfer::RefusalReason;

/// A fact about a bulk transfer. `at` is the time of the decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "type", content = "data", rename_all_fields = "camelCase")]
pub enum BulkTransferEvent {
    /// It began; the source is to debit all lines, or none.
    BulkTransferCreated {
        /// The bulk transfer.
        bulk: BulkDetails,
        /// When.
        at: DateTime<Utc>,
    },
    /// The source was debited; each line is to become a transfer.
    BulkDebitRecorded {
        /// The bulk transfer.
        bulk: BulkDetails,
        /// Whose account the source is.
        owner: CustomerId,
    },
    /// Every line has become a transfer, which goes on by itself.
    BulkLinesStarted {
        /// The bulk transfer.
        bulk_id: BulkId,
    },
    /// The source refused, and nothing moved.
    BulkTransferFailed {
        /// The bulk transfer.
        bulk_id: BulkId,
        /// Why the source refused.
        reason: RefusalReason,
    },
    /// The source's answer is overdue: it is to answer now, by a refusal if it has not answered yet.
    BulkDeadlinePassed {
        /// The bulk transfer.
        bulk_id: BulkId,
        /// The source.
        from_account_id: AccountId,
        /// How many times the deadline has passed, this time included.
        attempt: u32,
        /// When somebody looks again.
        next_check_at: DateTime<Utc>,
    },
}

impl DomainEvent for BulkTransferEvent {
    const TYPES: &'static [EventType] = &[
        EventType { name: "BulkTransferCreated", schema_version: 1 },
        EventType { name: "BulkDebitRecorded", schema_version: 1 },
        EventType { name: "BulkLinesStarted", schema_version: 1 },
        EventType { name: "BulkTransferFailed", schema_version: 1 },
        EventType { name: "BulkDeadlinePassed", schema_version: 1 },
    ];
}
