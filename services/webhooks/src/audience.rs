//! Who may hear of what happened, and what of it they are told.
//!
//! Invariant: a customer is told nothing that the API would not show them: of a transfer only what
//! `CreatedTransfer::is_visible_to` lets them see by then, and never who else is behind it or why somebody else acted.
//! Operators are told of everything, as it was published.

use domain::account::AccountEvent;
use domain::transfer::{TransferDetails, TransferEvent};

use crate::owner::Owner;

/// Who is known to have part in a transfer, by what has happened to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Parties {
    pub(crate) creator: Option<Owner>,
    pub(crate) source_owner: Option<Owner>,
    pub(crate) target_owner: Option<Owner>,
}

impl Parties {
    /// Once this has happened. The recipient is nobody's party before the credit.
    pub(crate) fn after(mut self, event: &TransferEvent) -> Self {
        match event {
            TransferEvent::MoneyTransferCreated { transfer, .. } => {
                let customer = transfer.actor.as_ref().filter(|actor| !actor.is_operator());
                self.creator = customer.map(Owner::of);
            }
            TransferEvent::DebitRecorded { owner, .. } => self.source_owner = owner.clone().map(Owner::from),
            TransferEvent::CreditRecorded { owner, .. } => self.target_owner = owner.clone().map(Owner::from),
            TransferEvent::CreditRejectionRecorded { .. }
            | TransferEvent::MoneyTransferFailed { .. }
            | TransferEvent::CancellationRequested { .. }
            | TransferEvent::CancellationRefundStarted { .. }
            | TransferEvent::MoneyTransferCancelled { .. }
            | TransferEvent::DeadlinePassed { .. }
            | TransferEvent::InterventionRecorded { .. }
            | TransferEvent::ReversalStarted { .. }
            | TransferEvent::ReversalFailed { .. }
            | TransferEvent::ReversalCompleted { .. } => {}
        }
        self
    }

    /// Each of them once.
    pub(crate) fn all(&self) -> Vec<&Owner> {
        let mut all: Vec<&Owner> = Vec::new();
        for party in [&self.creator, &self.source_owner, &self.target_owner].into_iter().flatten() {
            if !all.contains(&party) {
                all.push(party);
            }
        }
        all
    }
}

/// What an account's owner is told; `None` when the transfer's own events say it to those who may know.
///
/// An account refuses a debit that anybody asks for, and a credit of which nothing has reached its owner.
pub(crate) fn told_to_owner(event: AccountEvent) -> Option<AccountEvent> {
    use AccountEvent as Event;
    Some(match event {
        Event::AccountDebitRejected { .. }
        | Event::AccountLinesDebitRejected { .. }
        | Event::AccountCreditRejected { .. } => return None,
        Event::AccountFrozen { by_owner, at, .. } => Event::AccountFrozen { reason: None, by_owner, at },
        Event::AccountUnfrozen { at, .. } => Event::AccountUnfrozen { reason: None, at },
        Event::AccountClosed { at, .. } => Event::AccountClosed { reason: None, at },
        Event::AccountOpened { .. }
        | Event::AccountDeposited { .. }
        | Event::AccountWithdrawn { .. }
        | Event::HoldPlaced { .. }
        | Event::HoldCaptured { .. }
        | Event::HoldVoided { .. }
        | Event::HoldExpired { .. }
        | Event::OverdraftLimitSet { .. }
        | Event::DailyTransferLimitSet { .. }
        | Event::AccountDebited { .. }
        | Event::AccountLinesDebited { .. }
        | Event::AccountCredited { .. }
        | Event::AccountDebitReversed { .. } => event,
    })
}

/// What a party of a transfer is told.
pub(crate) fn told_to_party(mut event: TransferEvent) -> TransferEvent {
    use TransferEvent as Event;
    match &mut event {
        Event::DebitRecorded { transfer, owner } | Event::CreditRecorded { transfer, owner } => {
            *owner = None;
            hide_actor(transfer);
        }
        Event::CancellationRequested { transfer, reason, .. } => {
            *reason = None;
            hide_actor(transfer);
        }
        Event::ReversalStarted { reversal, reason, .. } => {
            *reason = None;
            hide_actor(reversal);
        }
        Event::InterventionRecorded { transfer, operator, reason, .. } => {
            (*operator, *reason) = (None, None);
            hide_actor(transfer);
        }
        Event::MoneyTransferCreated { transfer, .. }
        | Event::CreditRejectionRecorded { transfer, .. }
        | Event::MoneyTransferFailed { transfer, .. }
        | Event::CancellationRefundStarted { transfer }
        | Event::MoneyTransferCancelled { transfer }
        | Event::DeadlinePassed { transfer, .. } => hide_actor(transfer),
        Event::ReversalFailed { .. } | Event::ReversalCompleted { .. } => {}
    }
    event
}

fn hide_actor(transfer: &mut TransferDetails) {
    transfer.actor = None;
}

#[cfg(test)]
mod tests;
