//! The past of a transfer, as its tests tell it.

use domain::ids::TransferId;
use domain::transfer::{RefusalReason, TransferCommand, TransferDetails, TransferEvent};

use crate::fixtures::*;

pub(super) fn details() -> TransferDetails {
    transfer(usd(30))
}

pub(super) fn created() -> TransferEvent {
    TransferEvent::MoneyTransferCreated { transfer: details(), at: noon() }
}

pub(super) fn debit_recorded() -> TransferEvent {
    TransferEvent::DebitRecorded { transfer: details(), owner: Some(alice()) }
}

pub(super) fn record_debit() -> TransferCommand {
    TransferCommand::RecordDebit { owner: Some(alice()) }
}

pub(super) fn record_credit() -> TransferCommand {
    TransferCommand::RecordCredit { owner: Some(bob()) }
}

pub(super) fn credit_recorded() -> TransferEvent {
    TransferEvent::CreditRecorded { transfer: details(), owner: Some(bob()) }
}

pub(super) fn credit_rejection_recorded(reason: RefusalReason) -> TransferEvent {
    TransferEvent::CreditRejectionRecorded { transfer: details(), reason }
}

pub(super) fn failed(reason: RefusalReason) -> TransferEvent {
    TransferEvent::MoneyTransferFailed { transfer: details(), reason }
}

pub(super) fn cancellation_requested() -> TransferEvent {
    TransferEvent::CancellationRequested { transfer: details(), reason: None, at: noon() }
}

pub(super) fn cancellation_refund_started() -> TransferEvent {
    TransferEvent::CancellationRefundStarted { transfer: details() }
}

pub(super) fn cancelled() -> TransferEvent {
    TransferEvent::MoneyTransferCancelled { transfer: details() }
}

pub(super) fn reversal_failed(reversal_id: TransferId) -> TransferEvent {
    TransferEvent::ReversalFailed { reversal_id, reason: RefusalReason::InsufficientFunds.into() }
}

pub(super) fn reversal_completed(reversal_id: TransferId) -> TransferEvent {
    TransferEvent::ReversalCompleted { reversal_id }
}

/// One past per status, and for a refund and its ends one per way to get there.
pub(super) fn every_past() -> Vec<Vec<TransferEvent>> {
    let reason = RefusalReason::AccountClosed;
    let refunding = vec![created(), debit_recorded(), credit_rejection_recorded(reason)];
    let refunding_a_cancellation = vec![created(), cancellation_requested(), cancellation_refund_started()];
    vec![
        vec![created()],
        vec![created(), debit_recorded()],
        completed(),
        refunding.clone(),
        vec![created(), failed(reason)],
        [refunding, vec![failed(reason)]].concat(),
        vec![created(), cancellation_requested()],
        refunding_a_cancellation.clone(),
        vec![created(), cancellation_requested(), cancelled()],
        [refunding_a_cancellation, vec![cancelled()]].concat(),
    ]
}

pub(super) fn completed() -> Vec<TransferEvent> {
    vec![created(), debit_recorded(), credit_recorded()]
}
