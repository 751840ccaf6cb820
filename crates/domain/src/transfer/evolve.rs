//! What an event makes of a transfer.

use super::{CreatedTransfer, MoneyTransfer, Phase, Reversal, TransferEvent as Event, UnwindReason};

pub(super) fn evolve(transfer: MoneyTransfer, event: &Event) -> MoneyTransfer {
    match event {
        Event::MoneyTransferCreated { transfer, at } => MoneyTransfer(Some(CreatedTransfer {
            details: transfer.clone(),
            source_owner: None,
            target_owner: None,
            created_at: *at,
            next_check_at: transfer.deadline,
            deadlines_passed: 0,
            reversal: None,
            reversal_attempts: 0,
            phase: Phase::Initial,
        })),
        _ => MoneyTransfer(transfer.0.map(|created| evolve_created(created, event))),
    }
}

fn evolve_created(mut transfer: CreatedTransfer, event: &Event) -> CreatedTransfer {
    let refunded = matches!(transfer.phase, Phase::Refunding(_));
    match event {
        // An intervention moves nothing: the account's answer does.
        Event::MoneyTransferCreated { .. } | Event::InterventionRecorded { .. } => {}
        Event::DebitRecorded { owner, .. } => {
            transfer.phase = Phase::Debited;
            transfer.source_owner.clone_from(owner);
        }
        Event::CreditRecorded { owner, .. } => {
            transfer.phase = Phase::Completed;
            transfer.target_owner.clone_from(owner);
        }
        Event::CreditRejectionRecorded { reason, .. } => {
            transfer.phase = Phase::Refunding(UnwindReason::Refused(*reason));
        }
        Event::MoneyTransferFailed { reason, .. } => {
            transfer.phase = Phase::Failed { reason: *reason, refunded };
        }
        Event::CancellationRequested { .. } => transfer.phase = Phase::Cancelling,
        Event::CancellationRefundStarted { .. } => {
            transfer.phase = Phase::Refunding(UnwindReason::Cancelled);
        }
        Event::MoneyTransferCancelled { .. } => transfer.phase = Phase::Cancelled { refunded },
        Event::DeadlinePassed { attempt, next_check_at, .. } => {
            transfer.deadlines_passed = *attempt;
            transfer.next_check_at = *next_check_at;
        }
        Event::ReversalStarted { reversal, .. } => {
            transfer.reversal = Some(Reversal::Started { reversal_id: reversal.transfer_id });
            transfer.reversal_attempts = transfer.reversal_attempts.saturating_add(1);
        }
        Event::ReversalFailed { .. } => transfer.reversal = None,
        Event::ReversalCompleted { reversal_id } => {
            transfer.reversal = Some(Reversal::Completed { reversal_id: *reversal_id });
        }
    }
    transfer
}
