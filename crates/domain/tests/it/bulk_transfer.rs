//! The rules of a bulk transfer.

mod deciding;
mod details;
mod saga;
mod search;

use domain::bulk_transfer::BulkTransferEvent;
use domain::transfer::RefusalReason;

use crate::fixtures::*;

fn created() -> BulkTransferEvent {
    BulkTransferEvent::BulkTransferCreated { bulk: bulk(&[30, 20]), at: noon() }
}

fn debit_recorded() -> BulkTransferEvent {
    BulkTransferEvent::BulkDebitRecorded { bulk: bulk(&[30, 20]), owner: alice() }
}

fn lines_started() -> BulkTransferEvent {
    BulkTransferEvent::BulkLinesStarted { bulk_id: BULK }
}

fn failed(reason: RefusalReason) -> BulkTransferEvent {
    BulkTransferEvent::BulkTransferFailed { bulk_id: BULK, reason }
}

fn deadline_passed(attempt: u32, minutes: i64) -> BulkTransferEvent {
    let next_check_at = at(minutes);
    BulkTransferEvent::BulkDeadlinePassed { bulk_id: BULK, from_account_id: ALICES, attempt, next_check_at }
}
