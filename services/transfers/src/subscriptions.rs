//! What the transfers service listens to: the accounts' answers, its own reversals, and its own bulk transfers.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::Aggregate;
use domain::account::{Account, AccountEvent};
use domain::bulk_transfer::{self, BulkTransfer, BulkTransferCommand, BulkTransferEvent};
use domain::event::CodecError;
use domain::ids::{BulkId, TransferId};
use domain::transfer::{MoneyTransfer, TransferCommand, TransferEvent, saga};
use event_store::RecordedEvent;
use messaging::{Handler, Outcome, PerEvent, Subscription, topic_of};
use service_kit::backends::Watched;
use service_kit::command::{caused_by, outcome_of};
use uuid::Uuid;

use crate::Deps;
use crate::application::Application;

/// Reads the topics from their start, or from where this subscription stopped.
pub(crate) async fn subscribe(id: &str, deps: &Deps, application: Application) -> anyhow::Result<Watched> {
    let subscription = Subscription {
        id: id.to_owned(),
        topics: [Account::TYPE, MoneyTransfer::TYPE, BulkTransfer::TYPE].map(topic_of).to_vec(),
        handler: Arc::new(PerEvent(Answers { application })),
        dead_letters: Arc::clone(&deps.side.dead_letters),
        owner: None,
    };
    deps.side.subscribe(subscription, &deps.tasks).await
}

/// Records what the accounts answered, links reversals with the transfers that they reverse, and makes transfers of the
/// lines of bulk transfers.
struct Answers {
    application: Application,
}

/// What follows an event, with the commands' ids.
enum NextStep {
    Transfer(TransferId, Uuid, TransferCommand),
    Bulk(BulkId, Uuid, BulkTransferCommand),
    Lines(BulkId, Vec<(TransferId, Uuid, TransferCommand)>),
    Nothing,
}

impl NextStep {
    fn after(event: &RecordedEvent, now: DateTime<Utc>) -> Result<Self, CodecError> {
        Ok(match event.stream.aggregate_type.as_str() {
            Account::TYPE => Self::after_answer(&event.decode()?),
            MoneyTransfer::TYPE => Self::of(saga::reversal_commands_after(&event.decode::<TransferEvent>()?)),
            BulkTransfer::TYPE => Self::after_bulk(BulkId(event.stream.aggregate_id), &event.decode()?, now),
            _ => Self::Nothing,
        })
    }

    fn after_answer(event: &AccountEvent) -> Self {
        match bulk_transfer::saga::bulk_command_after(event) {
            Some((bulk_id, command_id, command)) => Self::Bulk(bulk_id, command_id, command),
            None => Self::of(saga::transfer_commands_after(event)),
        }
    }

    fn after_bulk(bulk_id: BulkId, event: &BulkTransferEvent, now: DateTime<Utc>) -> Self {
        let lines = bulk_transfer::saga::transfer_commands_after(event, now);
        if lines.is_empty() { Self::Nothing } else { Self::Lines(bulk_id, lines) }
    }

    fn of(step: Option<(TransferId, Uuid, TransferCommand)>) -> Self {
        step.map_or(Self::Nothing, |(id, command_id, command)| Self::Transfer(id, command_id, command))
    }
}

#[async_trait]
impl Handler for Answers {
    async fn handle(&self, event: &RecordedEvent) -> Outcome {
        let Application { commands, bulk_commands, clock, .. } = &self.application;
        let context = |command_id| caused_by(event, command_id);
        match NextStep::after(event, clock.now()) {
            Err(error) => Outcome::DeadLetter(error.to_string()),
            Ok(NextStep::Nothing) => Outcome::Done,
            Ok(NextStep::Transfer(id, command_id, command)) => {
                outcome_of(commands.execute(id.0, command, context(command_id)).await)
            }
            Ok(NextStep::Bulk(id, command_id, command)) => {
                outcome_of(bulk_commands.execute(id.0, command, context(command_id)).await)
            }
            Ok(NextStep::Lines(bulk_id, lines)) => {
                self.application.start_lines(bulk_id, lines, context).await
            }
        }
    }
}
