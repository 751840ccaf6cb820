//! What can be asked of a bulk transfer.

use chrono::{DateTime, Utc};

use super::BulkDetails;
use crate::text::CustomerId;
use crate::transfer::RefusalReason;

/// A request to change a bulk transfer. `now` is the time at which it is decided.
#[derive(Debug, Clone, PartialEq)]
pub enum BulkTransferCommand {
    /// Begin it.
    Create {
        /// What is to move.
        details: BulkDetails,
        /// The time.
        now: DateTime<Utc>,
    },
    /// The source was debited, all lines of it.
    RecordDebit {
        /// Whose account the source is.
        owner: CustomerId,
    },
    /// The source refused, all lines of it.
    RecordDebitRejection {
        /// Why.
        reason: RefusalReason,
    },
    /// Every line has become a transfer.
    RecordLinesStarted,
    /// Notice that its deadline has passed, and press for the source's answer.
    PassDeadline {
        /// The time; before the deadline nothing happens.
        now: DateTime<Utc>,
        /// When to look again if there is still no answer.
        next_check_at: DateTime<Utc>,
    },
}
