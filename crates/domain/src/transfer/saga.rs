//! The saga as a list: which command follows which event, where it goes, and under which id.
//!
//! | event | command that follows | to |
//! |---|---|---|
//! | `MoneyTransferCreated`, no line of a bulk transfer | `Debit` | the source account |
//! | `AccountDebited` or `AccountDebitRejected` | `RecordDebit` or `RecordDebitRejection` | the transfer |
//! | `DebitRecorded` | `Credit` | the target account |
//! | `AccountCredited` or `AccountCreditRejected` | `RecordCredit` or `RecordCreditRejection` | the transfer |
//! | `CreditRejectionRecorded` or `CancellationRefundStarted` | `ReverseDebit` | the source account |
//! | `AccountDebitReversed` | `RecordDebitReversal` | the transfer |
//! | `DeadlinePassed`, the debit pending | `RefuseDebit` | the source account |
//! | `DeadlinePassed`, the credit pending | `RefuseCredit` | the target account |
//! | `DeadlinePassed`, the reversal pending | `ReverseDebit` | the source account |
//! | `InterventionRecorded`, a retry | `Debit`, `Credit` or `ReverseDebit`, whichever is pending | its account |
//! | `InterventionRecorded`, to compensate | as for `DeadlinePassed` | its account |
//! | `ReversalStarted` | `Create` | the new transfer |
//! | `CreditRecorded` of a reversal | `CompleteReversal` | the reversed transfer |
//! | `MoneyTransferFailed` or `MoneyTransferCancelled` of a reversal | `FailReversal` | the reversed transfer |
//!
//! Nothing follows any other event. A line of a bulk transfer was debited before it was created
//! ([`bulk_transfer::saga`](crate::bulk_transfer::saga)), so that it begins with `DebitRecorded`. To handle an event twice is harmless, because a command's id depends on
//! the transfer and the step alone; see [`command_id`](crate::command_id).

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    Intervention, PendingStep, RefusalReason, TransferCommand, TransferDetails, TransferEvent, UnwindReason,
};
use crate::account::{AccountCommand, AccountEvent};
use crate::command_id::{Step, step_command_id};
use crate::ids::{AccountId, TransferId};

/// The accounts service's list: what an account is asked for when `event` has happened to a transfer.
///
/// `now` is the time at which the account will decide.
#[must_use]
pub fn account_commands_after(
    event: &TransferEvent,
    now: DateTime<Utc>,
) -> Option<(AccountId, Uuid, AccountCommand, Step)> {
    use TransferEvent as Event;
    let (transfer, step, command) = match event {
        Event::MoneyTransferCreated { transfer, .. } if transfer.bulk_id.is_some() => return None,
        Event::MoneyTransferCreated { transfer, .. } => (transfer, Step::Debit, debit(transfer, now)),
        Event::DebitRecorded { transfer, .. } => (transfer, Step::Credit, credit(transfer, now)),
        Event::CreditRejectionRecorded { transfer, reason } => {
            (transfer, Step::ReverseDebit, reverse_debit(transfer, UnwindReason::Refused(*reason), now))
        }
        Event::CancellationRefundStarted { transfer } => {
            (transfer, Step::ReverseDebit, reverse_debit(transfer, UnwindReason::Cancelled, now))
        }
        Event::DeadlinePassed { transfer, pending, .. } => give_up(transfer, *pending, now),
        Event::InterventionRecorded { transfer, pending, intervention, .. } => match intervention {
            Intervention::Retry => repeat(transfer, *pending, now),
            Intervention::Compensate => give_up(transfer, *pending, now),
        },
        Event::CancellationRequested { .. }
        | Event::CreditRecorded { .. }
        | Event::MoneyTransferFailed { .. }
        | Event::MoneyTransferCancelled { .. }
        | Event::ReversalStarted { .. }
        | Event::ReversalFailed { .. }
        | Event::ReversalCompleted { .. } => return None,
    };
    let account_id = if step == Step::Credit { transfer.to_account_id } else { transfer.from_account_id };
    Some((account_id, step_command_id(transfer.transfer_id, step), command, step))
}

/// The transfers service's list: what a transfer takes note of when `event` has happened to an account.
#[must_use]
pub fn transfer_commands_after(event: &AccountEvent) -> Option<(TransferId, Uuid, TransferCommand)> {
    use AccountEvent as Event;
    let (transfer_id, step, command) = match *event {
        Event::AccountDebited { transfer_id, ref owner, .. } => {
            (transfer_id, Step::RecordDebit, TransferCommand::RecordDebit { owner: owner.clone() })
        }
        Event::AccountDebitRejected { transfer_id, reason } => {
            (transfer_id, Step::RecordDebit, TransferCommand::RecordDebitRejection { reason })
        }
        Event::AccountCredited { transfer_id, ref owner, .. } => {
            (transfer_id, Step::RecordCredit, TransferCommand::RecordCredit { owner: owner.clone() })
        }
        Event::AccountCreditRejected { transfer_id, reason } => {
            (transfer_id, Step::RecordCredit, TransferCommand::RecordCreditRejection { reason })
        }
        Event::AccountDebitReversed { transfer_id, .. } => {
            (transfer_id, Step::RecordReversal, TransferCommand::RecordDebitReversal)
        }
        Event::AccountOpened { .. }
        | Event::AccountDeposited { .. }
        | Event::AccountWithdrawn { .. }
        | Event::HoldPlaced { .. }
        | Event::HoldCaptured { .. }
        | Event::HoldVoided { .. }
        | Event::HoldExpired { .. }
        | Event::OverdraftLimitSet { .. }
        | Event::DailyTransferLimitSet { .. }
        | Event::AccountLinesDebited { .. }
        | Event::AccountLinesDebitRejected { .. }
        | Event::AccountFrozen { .. }
        | Event::AccountUnfrozen { .. }
        | Event::AccountClosed { .. } => return None,
    };
    Some((transfer_id, step_command_id(transfer_id, step), command))
}

/// The transfers service's second list: what links a transfer and the one that reverses it.
#[must_use]
pub fn reversal_commands_after(event: &TransferEvent) -> Option<(TransferId, Uuid, TransferCommand)> {
    use TransferEvent as Event;
    match event {
        Event::ReversalStarted { reversal, at, .. } => {
            let command_id = step_command_id(reversal.transfer_id, Step::CreateReversal);
            let command = TransferCommand::Create { details: reversal.clone(), now: *at };
            Some((reversal.transfer_id, command_id, command))
        }
        Event::CreditRecorded { transfer, .. } => {
            let reversal_id = transfer.transfer_id;
            end_reversal(transfer, TransferCommand::CompleteReversal { reversal_id })
        }
        Event::MoneyTransferFailed { transfer, reason } => {
            end_reversal(transfer, fail_reversal(transfer, UnwindReason::Refused(*reason)))
        }
        Event::MoneyTransferCancelled { transfer } => {
            end_reversal(transfer, fail_reversal(transfer, UnwindReason::Cancelled))
        }
        _ => None,
    }
}

type Asked<'a> = (&'a TransferDetails, Step, AccountCommand);

fn repeat(transfer: &TransferDetails, pending: PendingStep, now: DateTime<Utc>) -> Asked<'_> {
    match pending {
        PendingStep::Debit => (transfer, Step::Debit, debit(transfer, now)),
        PendingStep::Credit => (transfer, Step::Credit, credit(transfer, now)),
        PendingStep::Reversal { reason } => {
            (transfer, Step::ReverseDebit, reverse_debit(transfer, reason, now))
        }
    }
}

/// Money that has left must come back: a refund is never given up.
fn give_up(transfer: &TransferDetails, pending: PendingStep, now: DateTime<Utc>) -> Asked<'_> {
    match pending {
        PendingStep::Debit => (transfer, Step::Debit, give_up_debit(transfer)),
        PendingStep::Credit => (transfer, Step::Credit, give_up_credit(transfer)),
        PendingStep::Reversal { .. } => repeat(transfer, pending, now),
    }
}

fn debit(transfer: &TransferDetails, now: DateTime<Utc>) -> AccountCommand {
    AccountCommand::Debit { transfer: transfer.clone(), now }
}

fn credit(transfer: &TransferDetails, now: DateTime<Utc>) -> AccountCommand {
    AccountCommand::Credit { transfer: transfer.clone(), now }
}

fn reverse_debit(transfer: &TransferDetails, reason: UnwindReason, now: DateTime<Utc>) -> AccountCommand {
    AccountCommand::ReverseDebit { transfer: transfer.clone(), reason, now }
}

fn give_up_debit(transfer: &TransferDetails) -> AccountCommand {
    AccountCommand::RefuseDebit { transfer: transfer.clone(), reason: RefusalReason::DeadlineExceeded }
}

fn give_up_credit(transfer: &TransferDetails) -> AccountCommand {
    AccountCommand::RefuseCredit { transfer: transfer.clone(), reason: RefusalReason::DeadlineExceeded }
}

fn fail_reversal(reversal: &TransferDetails, reason: UnwindReason) -> TransferCommand {
    TransferCommand::FailReversal { reversal_id: reversal.transfer_id, reason }
}

fn end_reversal(
    reversal: &TransferDetails,
    command: TransferCommand,
) -> Option<(TransferId, Uuid, TransferCommand)> {
    let command_id = step_command_id(reversal.transfer_id, Step::EndReversal);
    reversal.reversal_of.map(|original| (original, command_id, command))
}
