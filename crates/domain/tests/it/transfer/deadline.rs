//! A transfer that gets no answer presses for one.

use domain::Aggregate;
use domain::transfer::RefusalReason::AccountClosed;
use domain::transfer::{MoneyTransfer, PendingStep, TransferCommand, TransferEvent, UnwindReason};

use super::events::*;
use crate::fixtures::*;
use crate::given::given;

fn pass_deadline(minutes: i64) -> TransferCommand {
    TransferCommand::PassDeadline { now: at(minutes), next_check_at: at(minutes + 5) }
}

fn deadline_passed(pending: PendingStep, attempt: u32, next_check: i64) -> TransferEvent {
    TransferEvent::DeadlinePassed { transfer: details(), pending, attempt, next_check_at: at(next_check) }
}

#[test]
fn before_the_deadline_nothing_happens() {
    given::<MoneyTransfer>([created()]).when(pass_deadline(9)).then_nothing();
}

#[test]
fn the_deadline_presses_for_the_pending_step() {
    let reversal = |reason| PendingStep::Reversal { reason };
    let pressed_for = [
        Some(PendingStep::Debit),
        Some(PendingStep::Credit),
        None,
        Some(reversal(UnwindReason::Refused(AccountClosed))),
        None,
        None,
        Some(PendingStep::Debit),
        Some(reversal(UnwindReason::Cancelled)),
        None,
        None,
    ];
    for (past, pending) in every_past().into_iter().zip(pressed_for) {
        let expected = pending.map(|pending| deadline_passed(pending, 1, 15));
        given::<MoneyTransfer>(past).when(pass_deadline(10)).then(expected);
    }
}

#[test]
fn a_transfer_that_is_still_unanswered_is_looked_at_again() {
    let pressed = [created(), deadline_passed(PendingStep::Debit, 1, 15)];
    assert_eq!(given::<MoneyTransfer>(pressed.clone()).state().deadline(), Some(at(15)));
    given::<MoneyTransfer>(pressed.clone()).when(pass_deadline(14)).then_nothing();
    given::<MoneyTransfer>(pressed).when(pass_deadline(15)).then([deadline_passed(
        PendingStep::Debit,
        2,
        20,
    )]);
}

#[test]
fn a_transfer_that_has_ended_rests() {
    for past in every_past() {
        let transfer = given::<MoneyTransfer>(past).state();
        let ended = transfer.status().is_some_and(|status| status.has_ended());
        assert_eq!(transfer.deadline(), (!ended).then(deadline), "{:?}", transfer.status());
    }
}

#[test]
fn pressing_does_not_move_the_saga() {
    for past in every_past() {
        let before = given::<MoneyTransfer>(past.clone()).state().status();
        let pressed = past.into_iter().chain([deadline_passed(PendingStep::Debit, 1, 15)]);
        assert_eq!(given::<MoneyTransfer>(pressed).state().status(), before);
    }
}
