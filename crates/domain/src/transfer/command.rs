//! What can be asked of a transfer.

use chrono::{DateTime, Utc};

use super::{Intervention, RefusalReason, TransferDetails, UnwindReason};
use crate::ids::TransferId;
use crate::text::{Actor, CustomerId, Memo};

/// A request to change a transfer. `now` is the time at which it is decided.
#[derive(Debug, Clone, PartialEq)]
pub enum TransferCommand {
    /// Begin it.
    Create {
        /// What is to move.
        details: TransferDetails,
        /// The time.
        now: DateTime<Utc>,
    },
    /// Begin one that is a line of a bulk transfer, whose source was debited already.
    CreateDebited {
        /// What is to move.
        details: TransferDetails,
        /// Whose account the source is.
        owner: CustomerId,
        /// The time.
        now: DateTime<Utc>,
    },
    /// The source was debited.
    RecordDebit {
        /// Whose account the source is.
        owner: Option<CustomerId>,
    },
    /// The source refused the debit.
    RecordDebitRejection {
        /// Why.
        reason: RefusalReason,
    },
    /// The target was credited.
    RecordCredit {
        /// Whose account the target is.
        owner: Option<CustomerId>,
    },
    /// The target refused the credit.
    RecordCreditRejection {
        /// Why.
        reason: RefusalReason,
    },
    /// The source took the debit back.
    RecordDebitReversal,
    /// Stop it, if the money has not left the source as far as the transfer knows.
    Cancel {
        /// Who asks: whoever created it, or an operator.
        actor: Actor,
        /// Why.
        reason: Option<Memo>,
        /// The time.
        now: DateTime<Utc>,
    },
    /// Notice that its deadline has passed, and press for the pending step's answer.
    PassDeadline {
        /// The time; before the deadline nothing happens.
        now: DateTime<Utc>,
        /// When to look again if there is still no answer.
        next_check_at: DateTime<Utc>,
    },
    /// An operator presses for the pending step's answer.
    Intervene {
        /// The operator.
        actor: Actor,
        /// What is asked for.
        intervention: Intervention,
        /// Why.
        reason: Option<Memo>,
        /// The time; nobody gives a transfer up before its deadline.
        now: DateTime<Utc>,
    },
    /// Move the money of a completed transfer back, by a new transfer.
    StartReversal {
        /// Who asks: the recipient or an operator.
        actor: Actor,
        /// Why; it becomes the new transfer's memo too.
        reason: Option<Memo>,
        /// The new transfer's deadline.
        deadline: DateTime<Utc>,
        /// The time.
        now: DateTime<Utc>,
    },
    /// The reversal came to nothing; another one may be started.
    FailReversal {
        /// The transfer that was to move the money back.
        reversal_id: TransferId,
        /// Why it did not.
        reason: UnwindReason,
    },
    /// The reversal completed.
    CompleteReversal {
        /// The transfer that moved the money back.
        reversal_id: TransferId,
    },
}
