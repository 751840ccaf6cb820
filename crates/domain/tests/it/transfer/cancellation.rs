//! Cancelling asks; the debit's answer decides.

use domain::transfer::RefusalReason::{AccountClosed, InsufficientFunds};
use domain::transfer::{MoneyTransfer, TransferCommand, TransferEvent, TransferRefusal, TransferStatus};

use super::events::*;
use crate::fixtures::*;
use crate::given::given;

fn cancel() -> TransferCommand {
    cancel_by("alice")
}

fn cancel_by(name: &str) -> TransferCommand {
    TransferCommand::Cancel { actor: actor(name), reason: Some(memo("Wrong person")), now: at(1) }
}

#[test]
fn a_transfer_whose_debit_is_unanswered_starts_cancelling() {
    given::<MoneyTransfer>([created()]).when(cancel()).then([TransferEvent::CancellationRequested {
        transfer: details(),
        reason: Some(memo("Wrong person")),
        at: at(1),
    }]);
}

#[test]
fn a_refused_debit_ends_the_cancellation() {
    given::<MoneyTransfer>([created(), cancellation_requested()])
        .when(TransferCommand::RecordDebitRejection { reason: InsufficientFunds })
        .then([cancelled()]);
}

#[test]
fn a_debit_that_came_first_is_taken_back() {
    given::<MoneyTransfer>([created(), cancellation_requested()])
        .when(record_debit())
        .then([cancellation_refund_started()]);
    given::<MoneyTransfer>([created(), cancellation_requested(), cancellation_refund_started()])
        .when(TransferCommand::RecordDebitReversal)
        .then([cancelled()]);
}

#[test]
fn the_world_sees_cancelling_until_the_money_is_back() {
    let refunding = [created(), cancellation_requested(), cancellation_refund_started()];
    assert_eq!(given::<MoneyTransfer>(refunding).state().status(), Some(TransferStatus::Cancelling));
}

#[test]
fn cancelling_again_changes_nothing() {
    let cancelling = [created(), cancellation_requested()];
    given::<MoneyTransfer>(cancelling.clone()).when(cancel()).then_nothing();
    let refunding = cancelling.into_iter().chain([cancellation_refund_started()]);
    given::<MoneyTransfer>(refunding.clone()).when(cancel()).then_nothing();
    given::<MoneyTransfer>(refunding.chain([cancelled()])).when(cancel()).then_nothing();
}

#[test]
fn it_is_too_late_to_cancel_once_the_debit_is_recorded() {
    let refunding = vec![created(), debit_recorded(), credit_rejection_recorded(AccountClosed)];
    let too_late = [
        (vec![created(), debit_recorded()], TransferStatus::Debited),
        (completed(), TransferStatus::Completed),
        (refunding, TransferStatus::Refunding),
        (vec![created(), failed(InsufficientFunds)], TransferStatus::Failed),
    ];
    for (past, state) in too_late {
        given::<MoneyTransfer>(past).when(cancel()).then_refused(TransferRefusal::TooLate { state });
    }
}

#[test]
fn only_who_created_a_transfer_or_an_operator_cancels_it() {
    assert!(given::<MoneyTransfer>([created()]).when(cancel_by("operator:olive")).moved());
    given::<MoneyTransfer>(completed()).when(cancel_by("bob")).then_refused(TransferRefusal::Forbidden);
    for outsider in ["bob", "mallory"] {
        given::<MoneyTransfer>([created()])
            .when(cancel_by(outsider))
            .then_refused(TransferRefusal::TransferNotFound);
    }
}

#[test]
fn a_transfer_is_seen_by_whoever_created_it_or_has_its_money_and_by_operators() {
    let seen_by = |past: Vec<TransferEvent>, name: &str| {
        let transfer = given::<MoneyTransfer>(past).state();
        transfer.created().is_some_and(|created| created.is_visible_to(&actor(name)))
    };
    let accepted = vec![created()];
    for (name, before, after) in [
        ("alice", true, true),
        ("bob", false, true),
        ("operator:olive", true, true),
        ("mallory", false, false),
    ] {
        assert_eq!(seen_by(accepted.clone(), name), before, "{name} before the credit");
        assert_eq!(seen_by(completed(), name), after, "{name} after the credit");
    }
}
