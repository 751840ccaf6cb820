//! An operator presses for an answer.

use domain::transfer::RefusalReason::AccountClosed;
use domain::transfer::{
    Intervention, MoneyTransfer, PendingStep, TransferCommand, TransferEvent, TransferRefusal,
    TransferStatus, UnwindReason,
};

use super::events::*;
use crate::fixtures::*;
use crate::given::given;

fn intervene(intervention: Intervention, minutes: i64) -> TransferCommand {
    let reason = Some("asked by phone".parse().expect("a memo"));
    TransferCommand::Intervene { actor: operator(), intervention, reason, now: at(minutes) }
}

fn recorded(intervention: Intervention, pending: PendingStep, minutes: i64) -> TransferEvent {
    TransferEvent::InterventionRecorded {
        transfer: details(),
        pending,
        intervention,
        operator: Some(operator()),
        reason: Some("asked by phone".parse().expect("a memo")),
        at: at(minutes),
    }
}

/// What is pending in each of `every_past`.
fn pending() -> [Option<PendingStep>; 10] {
    let reversal = |reason| Some(PendingStep::Reversal { reason });
    let (debit, credit) = (Some(PendingStep::Debit), Some(PendingStep::Credit));
    let refused = reversal(UnwindReason::Refused(AccountClosed));
    [debit, credit, None, refused, None, None, debit, reversal(UnwindReason::Cancelled), None, None]
}

fn status(past: &[TransferEvent]) -> TransferStatus {
    given::<MoneyTransfer>(past.to_vec()).state().status().expect("it was created")
}

#[test]
fn any_pending_step_can_be_retried_before_the_deadline_and_after_it() {
    for (past, pending) in every_past().into_iter().zip(pending()) {
        for minutes in [1, 11] {
            let outcome = given::<MoneyTransfer>(past.clone()).when(intervene(Intervention::Retry, minutes));
            match pending {
                Some(pending) => outcome.then([recorded(Intervention::Retry, pending, minutes)]),
                None => outcome.then_refused(TransferRefusal::AlreadyEnded { state: status(&past) }),
            }
        }
    }
}

#[test]
fn what_has_not_moved_back_is_given_up_past_the_deadline() {
    for (past, pending) in every_past().into_iter().zip(pending()) {
        let outcome = given::<MoneyTransfer>(past.clone()).when(intervene(Intervention::Compensate, 10));
        let state = status(&past);
        match pending {
            Some(PendingStep::Reversal { .. }) => {
                outcome.then_refused(TransferRefusal::AlreadyGivenUp { state });
            }
            Some(pending) => outcome.then([recorded(Intervention::Compensate, pending, 10)]),
            None => outcome.then_refused(TransferRefusal::AlreadyEnded { state }),
        }
    }
}

#[test]
fn nobody_gives_up_before_the_deadline() {
    for past in [vec![created()], vec![created(), debit_recorded()]] {
        given::<MoneyTransfer>(past)
            .when(intervene(Intervention::Compensate, 9))
            .then_refused(TransferRefusal::NotOverdue { deadline: deadline() });
    }
}

#[test]
fn an_intervention_moves_nothing_by_itself() {
    for past in every_past() {
        let before = given::<MoneyTransfer>(past.clone()).state();
        let after = past.into_iter().chain([recorded(Intervention::Compensate, PendingStep::Credit, 11)]);
        assert_eq!(given::<MoneyTransfer>(after).state(), before);
    }
}

#[test]
fn customers_do_not_intervene() {
    let by = |name: &str| TransferCommand::Intervene {
        actor: actor(name),
        intervention: Intervention::Retry,
        reason: None,
        now: at(11),
    };
    given::<MoneyTransfer>([created()]).when(by("mallory")).then_refused(TransferRefusal::TransferNotFound);
    let creator = details().actor.expect("somebody created it");
    given::<MoneyTransfer>([created()]).when(by(creator.as_str())).then_refused(TransferRefusal::Forbidden);
    given::<MoneyTransfer>([])
        .when(intervene(Intervention::Retry, 11))
        .then_refused(TransferRefusal::TransferNotFound);
}
