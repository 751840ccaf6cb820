//! An operator presses for an answer. Like the sweeper, nobody here assumes what the account did: the account decides.

use chrono::{DateTime, Utc};

use super::{CreatedTransfer, Event, Refusal};
use crate::text::{Actor, Memo};
use crate::transfer::{Intervention, PendingStep};

pub(super) fn record(
    transfer: &CreatedTransfer,
    actor: &Actor,
    intervention: Intervention,
    reason: &Option<Memo>,
    at: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    if !actor.is_operator() {
        return Err(if transfer.is_visible_to(actor) {
            Refusal::Forbidden
        } else {
            Refusal::TransferNotFound
        });
    }
    let pending = transfer.pending_step().ok_or(Refusal::AlreadyEnded { state: transfer.status() })?;
    if intervention == Intervention::Compensate {
        may_be_given_up(transfer, pending, at)?;
    }
    Ok(vec![Event::InterventionRecorded {
        transfer: transfer.details.clone(),
        pending,
        intervention,
        operator: Some(actor.clone()),
        reason: reason.clone(),
        at,
    }])
}

fn may_be_given_up(
    transfer: &CreatedTransfer,
    pending: PendingStep,
    at: DateTime<Utc>,
) -> Result<(), Refusal> {
    if matches!(pending, PendingStep::Reversal { .. }) {
        return Err(Refusal::AlreadyGivenUp { state: transfer.status() });
    }
    // The account says `deadline-exceeded` for it, which would not be true.
    if at < transfer.details.deadline {
        return Err(Refusal::NotOverdue { deadline: transfer.details.deadline });
    }
    Ok(())
}
