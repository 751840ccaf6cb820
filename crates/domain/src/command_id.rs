//! Ids that follow from what they are for, so that doing a thing twice meets the first time's id.
//!
//! Invariant: one command id a step. Whatever repeats a step, be it a redelivered message or the sweeper, and
//! whichever way the step is to be answered, the command carries the same id; the store keeps the first
//! command's result and gives it to every later one.

use chrono::NaiveDate;
use uuid::Uuid;

use crate::ids::{BulkId, HoldId, OrderId, TransferId};
use crate::words::words;

/// Drawn once, at random; it must never change.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f0a_4f5e_36f3_4d0c_9c5b_1f6a_8a7e_52d1);

words! {
    /// A step of a transfer: something that one aggregate does at most once for it.
    pub enum Step {
        /// The source account debits, or refuses to.
        Debit = "debit",
        /// The target account credits, or refuses to.
        Credit = "credit",
        /// The source account takes the debit back.
        ReverseDebit = "reverse-debit",
        /// The transfer takes note of the answer to [`Step::Debit`].
        RecordDebit = "record-debit",
        /// The transfer takes note of the answer to [`Step::Credit`].
        RecordCredit = "record-credit",
        /// The transfer takes note of the answer to [`Step::ReverseDebit`].
        RecordReversal = "record-reversal",
        /// A transfer that reverses another one is created; of the new transfer.
        CreateReversal = "create-reversal",
        /// The reversed transfer takes note of how its reversal ended; of the new transfer.
        EndReversal = "end-reversal",
        /// A line of a bulk transfer becomes a transfer, whose debit is recorded already.
        CreateDebited = "create-debited",
        /// A transfer that an order asks for is created.
        CreateForOrder = "create-for-order",
    }
}

words! {
    /// A step of a bulk transfer.
    pub enum BulkStep {
        /// The source account debits all lines, or refuses to.
        DebitLines = "debit-lines",
        /// The bulk transfer takes note of the answer to [`BulkStep::DebitLines`].
        RecordDebit = "record-debit",
        /// The bulk transfer takes note that all lines have become transfers.
        RecordLines = "record-lines",
    }
}

/// The id of every command that carries out, or refuses, `step` of the transfer.
#[must_use]
pub fn step_command_id(transfer_id: TransferId, step: Step) -> Uuid {
    derived(&format!("transfer/{transfer_id}/{step}"))
}

/// The id of the transfer that is the `attempt`th try, from 1, to reverse `original`.
#[must_use]
pub fn reversal_transfer_id(original: TransferId, attempt: u32) -> TransferId {
    TransferId(derived(&format!("transfer/{original}/reversal/{attempt}")))
}

/// The id of every command that carries out, or refuses, `step` of the bulk transfer.
#[must_use]
pub fn bulk_step_command_id(bulk_id: BulkId, step: BulkStep) -> Uuid {
    derived(&format!("bulk-transfer/{bulk_id}/{step}"))
}

/// The id of the transfer that the line at `place`, from 0, of a bulk transfer becomes.
#[must_use]
pub fn line_transfer_id(bulk_id: BulkId, place: usize) -> TransferId {
    TransferId(derived(&format!("bulk-transfer/{bulk_id}/line/{place}")))
}

/// The id of the transfer that `order` asks for on `due`: there is one for a due date, however often it is asked for.
#[must_use]
pub fn order_transfer_id(order: OrderId, due: NaiveDate) -> TransferId {
    TransferId(derived(&format!("transfer-order/{order}/due/{due}")))
}

/// The id of the command that cancels an order because its owner asked to be forgotten.
#[must_use]
pub fn order_erasure_command_id(order: OrderId) -> Uuid {
    derived(&format!("transfer-order/{order}/erasure"))
}

/// The id of the command that records that a hold has expired. The same command records it for others of the account
/// that have; one of them gives it its id, because a hold expires once, whoever looks for it and however often.
#[must_use]
pub fn hold_expiry_command_id(hold_id: HoldId) -> Uuid {
    derived(&format!("hold/{hold_id}/expire"))
}

fn derived(name: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}
