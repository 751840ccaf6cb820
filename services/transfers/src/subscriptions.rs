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
use crate::measures;

/// Whose events it reads.
pub const READS: [&str; 5] =
    [Account::TYPE, MoneyTransfer::TYPE, BulkTransfer::TYPE, TransferOrder::TYPE, Customer::TYPE];

/// Reads its topics from their start, or from where this subscription stopped.
pub(crate) async fn subscribe(id: &str, deps: &Deps, application: Application) -> anyhow::Result<Watched> {
    let subscription = Subscription {
        id: id.to_owned(),
        topics: READS.map(topic_of).into(),
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
pub(crate) enum NextStep {
    Transfer(TransferId, Uuid, TransferCommand),
    Bulk(BulkId, Uuid, BulkTransferCommand),
    Lines(BulkId, Vec<(TransferId, Uuid, TransferCommand)>),
    /// The orders of this customer are cancelled.
    Leave(Uuid),
    Nothing,
}

impl NextStep {
    /// What follows `event` now; a transfer that it makes is out of time at `deadline`.
    pub(crate) fn after(
        event: &RecordedEvent,
        now: DateTime<Utc>,
        deadline: DateTime<Utc>,
    ) -> Result<Self, CodecError> {
        let id = event.stream.aggregate_id;
        Ok(match event.stream.aggregate_type.as_str() {
            Account::TYPE => Self::after_answer(&event.decode()?),
            MoneyTransfer::TYPE => Self::of(saga::reversal_commands_after(&event.decode::<TransferEvent>()?)),
            BulkTransfer::TYPE => Self::after_bulk(BulkId(id), &event.decode()?, now),
            TransferOrder::TYPE => {
                Self::of(order::saga::transfer_commands_after(&event.decode::<OrderEvent>()?, now, deadline))
            }
            Customer::TYPE => match event.decode()? {
                CustomerEvent::ErasureRequested { .. } => Self::Leave(id),
                _ => Self::Nothing,
            },
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
impl Handler for FollowUps {
    async fn handle(&self, event: &RecordedEvent) -> Outcome {
        let Application { commands, bulk_commands, .. } = &self.application;
        let context = |command_id| caused_by(event, command_id);
        let now = self.application.clock.now();
        match NextStep::after(event, now, self.application.deadline_from(now)) {
            Err(error) => Outcome::unreadable(&error),
            Ok(NextStep::Nothing) => Outcome::Done,
            Ok(NextStep::Transfer(id, command_id, command)) => {
                let result = commands.execute(id.0, command, context(command_id)).await;
                if let Ok(executed) = &result {
                    measures::note_end(executed);
                }
                outcome_of(result)
            }
            Ok(NextStep::Bulk(id, command_id, command)) => {
                outcome_of(bulk_commands.execute(id.0, command, context(command_id)).await)
            }
            Ok(NextStep::Lines(bulk_id, lines)) => {
                self.application.start_lines(bulk_id, lines, context).await
            }
            Ok(NextStep::Leave(customer)) => {
                outcome_of(self.application.cancel_orders_of(customer, event).await)
            }
        }
    }
}
