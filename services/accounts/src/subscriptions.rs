//! What the accounts service listens to: the steps of transfers and of bulk transfers.
//!
//! Each step arrives under its own command id, so that a repeated message, a renamed subscription or the
//! sweeper's repetition meets the first one's result.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::Aggregate;
use domain::account::{Account, AccountCommand, AccountRefusal};
use domain::bulk_transfer::{self, BulkTransfer, BulkTransferEvent};
use domain::event::CodecError;
use domain::ids::AccountId;
use domain::transfer::{self, MoneyTransfer, TransferEvent};
use event_store::{Clock, Commands, EventStore, ExecuteError, RecordedEvent};
use messaging::{Handler, Outcome, PerEvent, Subscription, topic_of};
use service_kit::backends::Watched;
use service_kit::command::{caused_by, outcome_of};
use uuid::Uuid;

use crate::Deps;

/// Whose events it reads.
pub const READS: [&str; 2] = [MoneyTransfer::TYPE, BulkTransfer::TYPE];

/// Reads the topics from their start, or from where this subscription stopped.
pub(crate) async fn subscribe(id: &str, deps: &Deps, commands: Commands<Account>) -> anyhow::Result<Watched> {
    let steps =
        TransferSteps { commands, store: Arc::clone(&deps.side.store), clock: Arc::clone(&deps.clock) };
    let subscription = Subscription {
        id: id.to_owned(),
        topics: READS.map(topic_of).to_vec(),
        handler: Arc::new(PerEvent(steps)),
        dead_letters: Arc::clone(&deps.side.dead_letters),
        owner: None,
    };
    deps.side.subscribe(subscription, &deps.tasks).await
}

/// Carries out what a transfer asks of an account.
struct TransferSteps {
    commands: Commands<Account>,
    store: Arc<dyn EventStore>,
    clock: Arc<dyn Clock>,
}

/// What an account is asked for.
pub(crate) struct Step {
    account: AccountId,
    command_id: Uuid,
    command: AccountCommand,
    /// Whether the sweeper or an operator asks, because the answer has not been seen.
    asks_again: bool,
}

impl Step {
    /// What `event` asks for now.
    pub(crate) fn after(event: &RecordedEvent, now: DateTime<Utc>) -> Result<Option<Self>, CodecError> {
        Ok(match event.stream.aggregate_type.as_str() {
            MoneyTransfer::TYPE => Self::of_transfer(&event.decode()?, now),
            BulkTransfer::TYPE => Self::of_bulk(&event.decode()?, now),
            _ => None,
        })
    }

    fn of_transfer(event: &TransferEvent, now: DateTime<Utc>) -> Option<Self> {
        let asks_again = matches!(
            event,
            TransferEvent::DeadlinePassed { .. } | TransferEvent::InterventionRecorded { .. }
        );
        let (account, command_id, command, _) = transfer::saga::account_commands_after(event, now)?;
        Some(Self { account, command_id, command, asks_again })
    }

    fn of_bulk(event: &BulkTransferEvent, now: DateTime<Utc>) -> Option<Self> {
        let asks_again = matches!(event, BulkTransferEvent::BulkDeadlinePassed { .. });
        let (account, command_id, command) = bulk_transfer::saga::account_command_after(event, now)?;
        Some(Self { account, command_id, command, asks_again })
    }
}

#[async_trait]
impl Handler for TransferSteps {
    async fn handle(&self, event: &RecordedEvent) -> Outcome {
        let Step { account, command_id, command, asks_again } = match Step::after(event, self.clock.now()) {
            Ok(Some(step)) => step,
            Ok(None) => return Outcome::Done,
            Err(error) => return Outcome::unreadable(&error),
        };
        match self.commands.execute(account.0, command, caused_by(event, command_id)).await {
            // Whoever asks again has not seen the answer: say it again.
            Ok(executed) if executed.replayed && asks_again => match self.store.republish(command_id).await {
                Ok(_) => Outcome::Done,
                Err(error) => Outcome::Retry(error.to_string()),
            },
            // A refund finds no room below the limit now. The transfer goes on waiting, and the sweeper asks again under
            // the same id; a dead letter would hold up that question too.
            Err(ExecuteError::Refused { refusal: AccountRefusal::LimitExceeded, .. }) => {
                tracing::warn!(transfer = %event.stream.aggregate_id, "a refund waits for room in its account");
                Outcome::Done
            }
            result => outcome_of(result),
        }
    }
}
