//! Moving the money of a completed transfer back: one transfer the other way at a time.

use chrono::{DateTime, Utc};

use super::{CreatedTransfer, Event, Refusal, TransferDetails, TransferStatus, UnwindReason};
use crate::command_id::reversal_transfer_id;
use crate::ids::TransferId;
use crate::text::{Actor, Memo};
use crate::transfer::Reversal;

pub(super) fn start(
    original: &CreatedTransfer,
    actor: &Actor,
    reason: &Option<Memo>,
    deadline: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    if !original.is_visible_to(actor) {
        return Err(Refusal::TransferNotFound);
    }
    if original.status() != TransferStatus::Completed {
        return Err(Refusal::NotCompleted { state: original.status() });
    }
    if !original.is_reversed_by(actor) {
        return Err(Refusal::Forbidden);
    }
    if original.reversal.is_some() {
        return Err(Refusal::AlreadyReversed);
    }
    let TransferDetails { transfer_id, from_account_id, to_account_id, money, .. } = original.details;
    let reversal = TransferDetails {
        transfer_id: reversal_transfer_id(transfer_id, original.reversal_attempts.saturating_add(1)),
        from_account_id: to_account_id,
        to_account_id: from_account_id,
        money,
        memo: reason.clone(),
        actor: Some(actor.clone()),
        deadline,
        reversal_of: Some(transfer_id),
        bulk_id: None,
        order_id: None,
    };
    Ok(vec![Event::ReversalStarted { reversal, reason: reason.clone(), at: now }])
}

pub(super) fn fail(original: &CreatedTransfer, reversal_id: TransferId, reason: UnwindReason) -> Vec<Event> {
    ends(original, reversal_id).then_some(Event::ReversalFailed { reversal_id, reason }).into_iter().collect()
}

pub(super) fn complete(original: &CreatedTransfer, reversal_id: TransferId) -> Vec<Event> {
    ends(original, reversal_id).then_some(Event::ReversalCompleted { reversal_id }).into_iter().collect()
}

fn ends(original: &CreatedTransfer, reversal_id: TransferId) -> bool {
    original.reversal == Some(Reversal::Started { reversal_id })
}
