//! Which command follows which event.

use domain::account::AccountCommand;
use domain::bulk_transfer::saga::{
    account_command_after, bulk_command_after, lines_started as lines_started_command,
    transfer_commands_after, transfer_commands_of,
};
use domain::bulk_transfer::{BulkTransfer, BulkTransferCommand};
use domain::command_id::{BulkStep, Step, bulk_step_command_id, step_command_id};
use domain::transfer::RefusalReason::{AccountFrozen, DeadlineExceeded};
use domain::transfer::{TransferCommand, saga};

use super::*;
use crate::given::given;

#[test]
fn the_source_is_asked_for_all_lines_and_to_give_up_under_the_same_id() {
    let command_id = bulk_step_command_id(BULK, BulkStep::DebitLines);
    let debit = AccountCommand::DebitLines { bulk: bulk(&[30, 20]), now: at(1) };
    assert_eq!(account_command_after(&created(), at(1)), Some((ALICES, command_id, debit)));
    let give_up = AccountCommand::RefuseDebitLines { bulk_id: BULK, reason: DeadlineExceeded };
    assert_eq!(account_command_after(&deadline_passed(1, 15), at(11)), Some((ALICES, command_id, give_up)));
    for event in [debit_recorded(), lines_started(), failed(AccountFrozen)] {
        assert_eq!(account_command_after(&event, at(1)), None);
    }
}

#[test]
fn the_bulk_takes_note_of_both_answers_under_one_id_and_no_transfer_does() {
    let command_id = bulk_step_command_id(BULK, BulkStep::RecordDebit);
    let record = BulkTransferCommand::RecordDebit { owner: alice() };
    let reject = BulkTransferCommand::RecordDebitRejection { reason: AccountFrozen };
    for (event, command) in
        [(lines_debited(&[30, 20], 50), record), (lines_debit_rejected(AccountFrozen), reject)]
    {
        assert_eq!(bulk_command_after(&event), Some((BULK, command_id, command)));
        assert_eq!(saga::transfer_commands_after(&event), None);
    }
    assert_eq!(bulk_command_after(&debited(30, 70)), None);
}

#[test]
fn every_debited_line_becomes_a_transfer() {
    let bulk = bulk(&[30, 20]);
    let expected: Vec<_> = bulk
        .lines
        .iter()
        .map(|line| {
            let command_id = step_command_id(line.transfer_id, Step::CreateDebited);
            let details = bulk.transfer_of(line);
            (
                line.transfer_id,
                command_id,
                TransferCommand::CreateDebited { details, owner: alice(), now: at(1) },
            )
        })
        .collect();
    assert_eq!(transfer_commands_after(&debit_recorded(), at(1)), expected);
    for event in [created(), lines_started(), failed(AccountFrozen), deadline_passed(1, 15)] {
        assert_eq!(transfer_commands_after(&event, at(1)), []);
    }
    let (command_id, command) = lines_started_command(BULK);
    assert_eq!(command_id, bulk_step_command_id(BULK, BulkStep::RecordLines));
    assert_eq!(command, BulkTransferCommand::RecordLinesStarted);
}

/// Whoever finds it waiting asks for just what the event asks for.
#[test]
fn lines_that_wait_are_started_without_the_event_too() {
    let waiting = given::<BulkTransfer>([created(), debit_recorded()]).state();
    let waiting = waiting.created().expect("a created bulk transfer");
    assert_eq!(transfer_commands_of(waiting, at(1)), transfer_commands_after(&debit_recorded(), at(1)));
    for past in [vec![created()], vec![created(), debit_recorded(), lines_started()]] {
        let bulk = given::<BulkTransfer>(past).state();
        assert_eq!(transfer_commands_of(bulk.created().expect("a created bulk transfer"), at(1)), []);
    }
}
