//! The saga as a list: which command follows which event, where it goes, and under which id.
//!
//! | event | command that follows | to |
//! |---|---|---|
//! | `BulkTransferCreated` | `DebitLines` | the source account |
//! | `AccountLinesDebited` or `AccountLinesDebitRejected` | `RecordDebit` or `RecordDebitRejection` | the bulk transfer |
//! | `BulkDebitRecorded` | `CreateDebited`, one for each line | the lines' transfers |
//! | all of them have been created | `RecordLinesStarted` | the bulk transfer |
//! | `BulkDeadlinePassed` | `RefuseDebitLines` | the source account |
//!
//! Nothing follows any other event; what follows the events of the lines' transfers is in
//! [`transfer::saga`](crate::transfer::saga). To handle an event twice, or only a part of the lines before a crash, is
//! harmless, because every command's id depends on the bulk transfer and the step, or the line, alone.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{BulkDetails, BulkTransferCommand, BulkTransferEvent, CreatedBulk};
use crate::account::{AccountCommand, AccountEvent};
use crate::command_id::{BulkStep, Step, bulk_step_command_id, step_command_id};
use crate::ids::{AccountId, BulkId, TransferId};
use crate::text::CustomerId;
use crate::transfer::{RefusalReason, TransferCommand};

/// The accounts service's list: what the source is asked for when `event` has happened to a bulk transfer.
///
/// `now` is the time at which the account will decide.
#[must_use]
pub fn account_command_after(
    event: &BulkTransferEvent,
    now: DateTime<Utc>,
) -> Option<(AccountId, Uuid, AccountCommand)> {
    use BulkTransferEvent as Event;
    let (account_id, bulk_id, command) = match event {
        Event::BulkTransferCreated { bulk, .. } => {
            (bulk.from_account_id, bulk.bulk_id, AccountCommand::DebitLines { bulk: bulk.clone(), now })
        }
        Event::BulkDeadlinePassed { bulk_id, from_account_id, .. } => {
            let reason = RefusalReason::DeadlineExceeded;
            (*from_account_id, *bulk_id, AccountCommand::RefuseDebitLines { bulk_id: *bulk_id, reason })
        }
        Event::BulkDebitRecorded { .. }
        | Event::BulkLinesStarted { .. }
        | Event::BulkTransferFailed { .. } => return None,
    };
    Some((account_id, bulk_step_command_id(bulk_id, BulkStep::DebitLines), command))
}

/// The transfers service's list: what a bulk transfer takes note of when `event` has happened to an account.
#[must_use]
pub fn bulk_command_after(event: &AccountEvent) -> Option<(BulkId, Uuid, BulkTransferCommand)> {
    let (bulk_id, command) = match event {
        AccountEvent::AccountLinesDebited { bulk_id, owner, .. } => {
            (*bulk_id, BulkTransferCommand::RecordDebit { owner: owner.clone() })
        }
        AccountEvent::AccountLinesDebitRejected { bulk_id, reason } => {
            (*bulk_id, BulkTransferCommand::RecordDebitRejection { reason: *reason })
        }
        _ => return None,
    };
    Some((bulk_id, bulk_step_command_id(bulk_id, BulkStep::RecordDebit), command))
}

/// The transfers service's second list: the transfers that debited lines become. `now` is the time at which they begin.
#[must_use]
pub fn transfer_commands_after(
    event: &BulkTransferEvent,
    now: DateTime<Utc>,
) -> Vec<(TransferId, Uuid, TransferCommand)> {
    match event {
        BulkTransferEvent::BulkDebitRecorded { bulk, owner } => start_lines(bulk, owner, now),
        _ => Vec::new(),
    }
}

/// The same for whoever finds a bulk transfer whose lines wait for it, and not the event.
#[must_use]
pub fn transfer_commands_of(
    bulk: &CreatedBulk,
    now: DateTime<Utc>,
) -> Vec<(TransferId, Uuid, TransferCommand)> {
    bulk.owner_of_waiting_lines().map(|owner| start_lines(&bulk.details, owner, now)).unwrap_or_default()
}

/// What the bulk transfer takes note of when every line has become a transfer.
#[must_use]
pub fn lines_started(bulk_id: BulkId) -> (Uuid, BulkTransferCommand) {
    (bulk_step_command_id(bulk_id, BulkStep::RecordLines), BulkTransferCommand::RecordLinesStarted)
}

fn start_lines(
    bulk: &BulkDetails,
    owner: &CustomerId,
    now: DateTime<Utc>,
) -> Vec<(TransferId, Uuid, TransferCommand)> {
    let start = |line| {
        let details = bulk.transfer_of(line);
        let (transfer_id, owner) = (details.transfer_id, owner.clone());
        let command_id = step_command_id(transfer_id, Step::CreateDebited);
        (transfer_id, command_id, TransferCommand::CreateDebited { details, owner, now })
    };
    bulk.lines.iter().map(start).collect()
}
