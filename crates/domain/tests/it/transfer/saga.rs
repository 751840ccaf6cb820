//! Which command follows which event.

use domain::account::AccountCommand;
use domain::command_id::{Step, step_command_id};
use domain::ids::{AccountId, TransferId};
use domain::transfer::RefusalReason::{AccountClosed, DeadlineExceeded};
use domain::transfer::saga::{account_commands_after, reversal_commands_after, transfer_commands_after};
use domain::transfer::{
    Intervention, PendingStep, TransferCommand, TransferDetails, TransferEvent, UnwindReason,
};

use super::events::*;
use crate::fixtures::*;

#[track_caller]
fn asks(event: TransferEvent, account: AccountId, step: Step, command: AccountCommand) {
    let expected = (account, step_command_id(TRANSFER, step), command, step);
    assert_eq!(account_commands_after(&event, at(1)), Some(expected));
}

fn reverse_debit(reason: UnwindReason) -> AccountCommand {
    AccountCommand::ReverseDebit { transfer: details(), reason, now: at(1) }
}

fn deadline_passed(pending: PendingStep) -> TransferEvent {
    TransferEvent::DeadlinePassed { transfer: details(), pending, attempt: 1, next_check_at: at(15) }
}

#[test]
fn the_source_is_asked_first() {
    asks(created(), ALICES, Step::Debit, AccountCommand::Debit { transfer: details(), now: at(1) });
}

#[test]
fn the_target_is_asked_once_the_debit_is_recorded() {
    asks(debit_recorded(), BOBS, Step::Credit, AccountCommand::Credit { transfer: details(), now: at(1) });
}

#[test]
fn a_refund_is_asked_of_the_source() {
    let refused = UnwindReason::Refused(AccountClosed);
    asks(credit_rejection_recorded(AccountClosed), ALICES, Step::ReverseDebit, reverse_debit(refused));
    asks(cancellation_refund_started(), ALICES, Step::ReverseDebit, reverse_debit(UnwindReason::Cancelled));
}

#[test]
fn giving_up_is_asked_of_the_same_account_under_the_steps_own_id() {
    let (transfer, reason) = (details(), DeadlineExceeded);
    let give_up = AccountCommand::RefuseDebit { transfer: transfer.clone(), reason };
    asks(deadline_passed(PendingStep::Debit), ALICES, Step::Debit, give_up);
    let give_up = AccountCommand::RefuseCredit { transfer, reason };
    asks(deadline_passed(PendingStep::Credit), BOBS, Step::Credit, give_up);
    let reason = UnwindReason::Cancelled;
    asks(
        deadline_passed(PendingStep::Reversal { reason }),
        ALICES,
        Step::ReverseDebit,
        reverse_debit(reason),
    );
}

fn intervention(intervention: Intervention, pending: PendingStep) -> TransferEvent {
    let (operator, reason) = (Some(operator()), None);
    TransferEvent::InterventionRecorded {
        transfer: details(),
        pending,
        intervention,
        operator,
        reason,
        at: at(11),
    }
}

#[test]
fn an_operators_retry_repeats_the_pending_step_under_its_own_id() {
    let retry = |pending| intervention(Intervention::Retry, pending);
    let (transfer, now) = (details(), at(1));
    let debit = AccountCommand::Debit { transfer: transfer.clone(), now };
    asks(retry(PendingStep::Debit), ALICES, Step::Debit, debit);
    asks(retry(PendingStep::Credit), BOBS, Step::Credit, AccountCommand::Credit { transfer, now });
    let reason = UnwindReason::Cancelled;
    asks(retry(PendingStep::Reversal { reason }), ALICES, Step::ReverseDebit, reverse_debit(reason));
}

#[test]
fn an_operator_gives_up_as_the_sweeper_does() {
    let reason = UnwindReason::Cancelled;
    for pending in [PendingStep::Debit, PendingStep::Credit, PendingStep::Reversal { reason }] {
        let by_operator = account_commands_after(&intervention(Intervention::Compensate, pending), at(1));
        assert_eq!(by_operator, account_commands_after(&deadline_passed(pending), at(1)));
    }
}

#[test]
fn no_account_is_asked_after_an_end_or_a_cancellation_that_waits() {
    for event in [credit_recorded(), failed(AccountClosed), cancelled(), cancellation_requested()] {
        assert_eq!(account_commands_after(&event, at(1)), None);
    }
}

#[test]
fn a_transfer_takes_note_of_both_answers_under_one_id() {
    let reason = AccountClosed;
    let noted = [
        (debited(30, 0), Step::RecordDebit, TransferCommand::RecordDebit { owner: Some(alice()) }),
        (debit_rejected(reason), Step::RecordDebit, TransferCommand::RecordDebitRejection { reason }),
        (credited(30, 30), Step::RecordCredit, TransferCommand::RecordCredit { owner: Some(alice()) }),
        (credit_rejected(reason), Step::RecordCredit, TransferCommand::RecordCreditRejection { reason }),
        (debit_reversed(30, 30), Step::RecordReversal, TransferCommand::RecordDebitReversal),
    ];
    for (event, step, command) in noted {
        let expected = (TRANSFER, step_command_id(TRANSFER, step), command);
        assert_eq!(transfer_commands_after(&event), Some(expected));
    }
}

#[test]
fn what_an_account_does_by_itself_is_no_transfers_business() {
    for event in
        [opened(), deposited(1), frozen(), unfrozen(), closed(), hold_placed(HOLD, 1), hold_expired(HOLD, 1)]
    {
        assert_eq!(transfer_commands_after(&event), None);
    }
}

const ORIGINAL: TransferId = TransferId(uuid::Uuid::from_u128(0x0816));

fn reversal() -> TransferDetails {
    TransferDetails { reversal_of: Some(ORIGINAL), ..details() }
}

#[test]
fn a_started_reversal_is_created() {
    let started = TransferEvent::ReversalStarted { reversal: reversal(), reason: None, at: at(5) };
    let create = TransferCommand::Create { details: reversal(), now: at(5) };
    let expected = (TRANSFER, step_command_id(TRANSFER, Step::CreateReversal), create);
    assert_eq!(reversal_commands_after(&started), Some(expected));
}

#[test]
fn the_original_takes_note_of_how_its_reversal_ended_under_one_id() {
    let (transfer, reversal_id) = (reversal(), TRANSFER);
    let fail = |reason| TransferCommand::FailReversal { reversal_id, reason };
    let ends = [
        (
            TransferEvent::CreditRecorded { transfer: transfer.clone(), owner: None },
            TransferCommand::CompleteReversal { reversal_id },
        ),
        (
            TransferEvent::MoneyTransferFailed { transfer: transfer.clone(), reason: AccountClosed },
            fail(AccountClosed.into()),
        ),
        (TransferEvent::MoneyTransferCancelled { transfer }, fail(UnwindReason::Cancelled)),
    ];
    for (event, command) in ends {
        let expected = (ORIGINAL, step_command_id(TRANSFER, Step::EndReversal), command);
        assert_eq!(reversal_commands_after(&event), Some(expected));
    }
}

#[test]
fn the_end_of_a_transfer_that_reverses_nothing_concerns_no_other() {
    for event in [credit_recorded(), failed(AccountClosed), cancelled(), created()] {
        assert_eq!(reversal_commands_after(&event), None);
    }
}
