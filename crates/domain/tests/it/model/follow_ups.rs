//! The saga's lists, or a planted bug, asked once per event.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::account::{AccountCommand, AccountEvent};
use domain::command_id::{Step, step_command_id};
use domain::ids::{AccountId, TransferId};
use domain::transfer::RefusalReason::DeadlineExceeded;
use domain::transfer::saga::{account_commands_after, reversal_commands_after, transfer_commands_after};
use domain::transfer::{PendingStep, TransferCommand, TransferEvent};
use uuid::Uuid;

use super::scenario::Sabotage;
use crate::fixtures::{at, noon};

/// A command for an account; in time or late is decided by the account's clock.
pub(super) type ForAccount = Option<(AccountId, Uuid, AccountCommand)>;

/// A command for a transfer.
pub(super) type ForTransfer = Option<(TransferId, Uuid, TransferCommand)>;

/// Which command follows which event, by the event's number.
#[derive(Debug, Default)]
pub(super) struct FollowUps {
    for_accounts: HashMap<(u16, bool), ForAccount>,
    answers: HashMap<u16, ForTransfer>,
    reversals: HashMap<u16, ForTransfer>,
}

impl FollowUps {
    pub(super) fn for_account(
        &mut self,
        number: u16,
        event: &TransferEvent,
        late: bool,
        sabotage: Sabotage,
    ) -> &ForAccount {
        let now = if late { at(1_000) } else { noon() };
        self.for_accounts.entry((number, late)).or_insert_with(|| for_account(event, now, sabotage))
    }

    pub(super) fn answer(&mut self, number: u16, event: &AccountEvent) -> &ForTransfer {
        self.answers.entry(number).or_insert_with(|| transfer_commands_after(event))
    }

    pub(super) fn reversal(&mut self, number: u16, event: &TransferEvent) -> &ForTransfer {
        self.reversals.entry(number).or_insert_with(|| reversal_commands_after(event))
    }
}

fn for_account(event: &TransferEvent, now: DateTime<Utc>, sabotage: Sabotage) -> ForAccount {
    use TransferEvent::{CancellationRequested, DeadlinePassed};
    match (sabotage, event) {
        (
            Sabotage::RefundsWithoutAskingTheTarget,
            DeadlinePassed { transfer, pending: PendingStep::Credit, .. },
        )
        | (Sabotage::RefundsACancellationAtOnce, CancellationRequested { transfer, .. }) => {
            let command_id = step_command_id(transfer.transfer_id, Step::ReverseDebit);
            let reason = DeadlineExceeded.into();
            let command = AccountCommand::ReverseDebit { transfer: transfer.clone(), reason, now };
            Some((transfer.from_account_id, command_id, command))
        }
        (Sabotage::GivesUpUnderAnotherCommandId, DeadlinePassed { .. }) => {
            let (account_id, command_id, command, _) = account_commands_after(event, now)?;
            Some((account_id, Uuid::new_v5(&command_id, b"another"), command))
        }
        _ => account_commands_after(event, now)
            .map(|(account_id, command_id, command, _)| (account_id, command_id, command)),
    }
}
