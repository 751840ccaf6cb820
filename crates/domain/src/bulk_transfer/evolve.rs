//! What an event makes of a bulk transfer.

use super::{BulkTransfer, BulkTransferEvent as Event, CreatedBulk, Phase};

pub(super) fn evolve(transfer: BulkTransfer, event: &Event) -> BulkTransfer {
    match event {
        Event::BulkTransferCreated { bulk, at } => BulkTransfer(Some(CreatedBulk {
            details: bulk.clone(),
            created_at: *at,
            next_check_at: bulk.deadline,
            deadlines_passed: 0,
            phase: Phase::Initial,
        })),
        _ => BulkTransfer(transfer.0.map(|created| evolve_created(created, event))),
    }
}

fn evolve_created(mut created: CreatedBulk, event: &Event) -> CreatedBulk {
    match event {
        Event::BulkTransferCreated { .. } => {}
        Event::BulkDebitRecorded { owner, .. } => created.phase = Phase::Debited { owner: owner.clone() },
        Event::BulkLinesStarted { .. } => {
            created.phase = match created.phase {
                Phase::Debited { owner } => Phase::Started { owner },
                phase => phase,
            };
        }
        Event::BulkTransferFailed { reason, .. } => created.phase = Phase::Failed { reason: *reason },
        Event::BulkDeadlinePassed { attempt, next_check_at, .. } => {
            created.deadlines_passed = *attempt;
            created.next_check_at = *next_check_at;
        }
    }
    created
}
