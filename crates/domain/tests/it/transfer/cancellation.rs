//! Cancelling asks; the debit's answer decides.

use domain::transfer::RefusalReason::{AccountClosed, InsufficientFunds};
use domain::transfer::{MoneyTransfer, TransferCommand, TransferEvent, TransferRefusal, TransferStatus};

use super::events::*;
use crate::fixtures::*;
use crate::given::given;

fn cancel() -> TransferCommand {
    TransferCommand::Cancel { reason: Some(memo("Wrong person")), now: at(1) }
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
        .when(TransferCommand::RecordDebit)
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
