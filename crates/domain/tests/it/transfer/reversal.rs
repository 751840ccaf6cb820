//! Moving the money of a completed transfer back.

use domain::command_id::reversal_transfer_id;
use domain::transfer::{MoneyTransfer, Reversal, TransferCommand, TransferDetails, TransferEvent};
use domain::transfer::{RefusalReason, TransferRefusal, TransferStatus};

use super::events::*;
use crate::fixtures::*;
use crate::given::given;

fn start() -> TransferCommand {
    start_by("bob")
}

fn start_by(name: &str) -> TransferCommand {
    TransferCommand::StartReversal {
        actor: actor(name),
        reason: Some(memo("Sent twice")),
        deadline: at(60),
        now: at(50),
    }
}

fn started(attempt: u32) -> TransferEvent {
    let reversal = TransferDetails {
        transfer_id: reversal_transfer_id(TRANSFER, attempt),
        from_account_id: BOBS,
        to_account_id: ALICES,
        money: usd(30),
        memo: Some(memo("Sent twice")),
        actor: Some(actor("bob")),
        deadline: at(60),
        reversal_of: Some(TRANSFER),
        bulk_id: None,
        order_id: None,
    };
    TransferEvent::ReversalStarted { reversal, reason: Some(memo("Sent twice")), at: at(50) }
}

fn first() -> domain::ids::TransferId {
    reversal_transfer_id(TRANSFER, 1)
}

fn past(more: impl IntoIterator<Item = TransferEvent>) -> Vec<TransferEvent> {
    completed().into_iter().chain(more).collect()
}

#[test]
fn a_reversal_is_a_new_transfer_the_other_way() {
    given::<MoneyTransfer>(completed()).when(start()).then([started(1)]);
}

#[test]
fn only_a_completed_transfer_is_reversed() {
    for past in every_past() {
        let state = given::<MoneyTransfer>(past.clone()).state().status().expect("a status");
        if state != TransferStatus::Completed {
            given::<MoneyTransfer>(past)
                .when(start_by("operator:olive"))
                .then_refused(TransferRefusal::NotCompleted { state });
        }
    }
}

#[test]
fn one_reversal_at_a_time_and_none_after_it_completed() {
    let under_way = past([started(1)]);
    given::<MoneyTransfer>(under_way).when(start()).then_refused(TransferRefusal::AlreadyReversed);
    let reversed = past([started(1), reversal_completed(first())]);
    given::<MoneyTransfer>(reversed).when(start()).then_refused(TransferRefusal::AlreadyReversed);
}

#[test]
fn a_failed_reversal_makes_room_for_another_one_with_an_id_of_its_own() {
    let reason = RefusalReason::InsufficientFunds.into();
    given::<MoneyTransfer>(past([started(1)]))
        .when(TransferCommand::FailReversal { reversal_id: first(), reason })
        .then([reversal_failed(first())]);
    given::<MoneyTransfer>(past([started(1), reversal_failed(first())])).when(start()).then([started(2)]);
}

#[test]
fn a_completed_reversal_is_noted() {
    given::<MoneyTransfer>(past([started(1)]))
        .when(TransferCommand::CompleteReversal { reversal_id: first() })
        .then([reversal_completed(first())]);
    let transfer = given::<MoneyTransfer>(past([started(1), reversal_completed(first())])).state();
    let reversal = transfer.created().and_then(|created| created.reversal);
    assert_eq!(reversal, Some(Reversal::Completed { reversal_id: first() }));
    assert_eq!(transfer.status(), Some(TransferStatus::Completed));
}

#[test]
fn the_end_of_a_reversal_is_noted_once() {
    let reason = RefusalReason::InsufficientFunds.into();
    let ends = [
        TransferCommand::CompleteReversal { reversal_id: first() },
        TransferCommand::FailReversal { reversal_id: first(), reason },
    ];
    for end in ends {
        let reversed = past([started(1), reversal_completed(first())]);
        given::<MoneyTransfer>(reversed).when(end.clone()).then_nothing();
        let freed = past([started(1), reversal_failed(first())]);
        given::<MoneyTransfer>(freed).when(end.clone()).then_nothing();
        let second_under_way = past([started(1), reversal_failed(first()), started(2)]);
        given::<MoneyTransfer>(second_under_way).when(end.clone()).then_nothing();
        given::<MoneyTransfer>(completed()).when(end).then_nothing();
    }
}

#[test]
fn a_reversal_is_reversed_like_any_transfer() {
    let TransferEvent::ReversalStarted { reversal, .. } = started(1) else {
        panic!("a started reversal");
    };
    let outcome = given::<MoneyTransfer>([
        TransferEvent::MoneyTransferCreated { transfer: reversal.clone(), at: at(51) },
        TransferEvent::DebitRecorded { transfer: reversal.clone(), owner: Some(bob()) },
        TransferEvent::CreditRecorded { transfer: reversal, owner: Some(bob()) },
    ])
    .when(start());
    assert!(outcome.moved());
}

#[test]
fn only_the_recipient_or_an_operator_reverses() {
    assert!(given::<MoneyTransfer>(completed()).when(start_by("operator:olive")).moved());
    given::<MoneyTransfer>(completed()).when(start_by("alice")).then_refused(TransferRefusal::Forbidden);
    given::<MoneyTransfer>(completed())
        .when(start_by("mallory"))
        .then_refused(TransferRefusal::TransferNotFound);
}
