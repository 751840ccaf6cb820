//! What the transfers service listens to: the accounts' answers, its own reversals, its own bulk transfers, its own orders
//! that are due, and customers who ask to be forgotten.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::Aggregate;
use domain::account::{Account, AccountEvent};
use domain::bulk_transfer::{self, BulkTransfer, BulkTransferCommand, BulkTransferEvent};
use domain::customer::{Customer, CustomerEvent};
use domain::event::CodecError;
use domain::ids::{BulkId, TransferId};
use domain::order::{self, OrderEvent, TransferOrder};
use domain::transfer::{MoneyTransfer, TransferCommand, TransferEvent, saga};
use event_store::RecordedEvent;
use messaging::{Handler, Outcome, PerEvent, Subscription, topic_of};
use service_kit::backends::Watched;
use service_kit::command::{caused_by, outcome_of};
use uuid::Uuid;

use crate::Deps;
use crate::application::Application;

/// Reads its topics from their start, or from where this subscription stopped.
pub(crate) async fn subscribe(id: &str, deps: &Deps, application: Application) -> anyhow::Result<Watched> {
    let types = [Account::TYPE, MoneyTransfer::TYPE, BulkTransfer::TYPE, TransferOrder::TYPE, Customer::TYPE];
    let subscription = Subscription {
        id: id.to_owned(),
        topics: types.map(topic_of).into(),
        handler: Arc::new(PerEvent(FollowUps { application })),
        dead_letters: Arc::clone(&deps.side.dead_letters),
        owner: None,
    };
    deps.side.subscribe(subscription, &deps.tasks).await
}

/// Records what the accounts answered, links reversals with the transfers that they reverse, makes transfers of the lines of
/// bulk transfers and of what is due, and cancels the orders of those who leave.
struct FollowUps {
    application: Application,
}

/// What follows an event, with the commands' ids.
enum NextStep {
    Transfer(TransferId, Uuid, TransferCommand),
    Bulk(BulkId, Uuid, BulkTransferCommand),
    Lines(BulkId, Vec<(TransferId, Uuid, TransferCommand)>),
    Nothing,
}

impl FollowUps {
    fn next_step(&self, event: &RecordedEvent) -> Result<NextStep, CodecError> {
        let now = self.application.clock.now();
        Ok(match event.stream.aggregate_type.as_str() {
            Account::TYPE => NextStep::after_answer(&event.decode()?),
            MoneyTransfer::TYPE => {
                NextStep::of(saga::reversal_commands_after(&event.decode::<TransferEvent>()?))
            }
            BulkTransfer::TYPE => {
                NextStep::after_bulk(BulkId(event.stream.aggregate_id), &event.decode()?, now)
            }
            TransferOrder::TYPE => {
                let deadline = self.application.deadline_from(now);
                NextStep::of(order::saga::transfer_commands_after(
                    &event.decode::<OrderEvent>()?,
                    now,
                    deadline,
                ))
            }
            _ => NextStep::Nothing,
        })
    }

    async fn after_a_customers(&self, event: &RecordedEvent) -> Outcome {
        match event.decode() {
            Ok(CustomerEvent::ErasureRequested { .. }) => {
                outcome_of(self.application.cancel_orders_of(event.stream.aggregate_id, event).await)
            }
            Ok(_) => Outcome::Done,
            Err(error) => Outcome::DeadLetter(error.to_string()),
        }
    }
}

impl NextStep {
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
impl Handler for FollowUps {
    async fn handle(&self, event: &RecordedEvent) -> Outcome {
        if event.stream.aggregate_type == Customer::TYPE {
            return self.after_a_customers(event).await;
        }
        let Application { commands, bulk_commands, .. } = &self.application;
        let context = |command_id| caused_by(event, command_id);
        match self.next_step(event) {
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
