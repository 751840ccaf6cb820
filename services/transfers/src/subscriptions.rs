//! What the transfers service listens to: the accounts' answers, its own reversals, its own orders that are due, and
//! customers who ask to be forgotten.

use std::sync::Arc;

use async_trait::async_trait;
use domain::Aggregate;
use domain::account::{Account, AccountEvent};
use domain::customer::{Customer, CustomerEvent};
use domain::event::CodecError;
use domain::ids::TransferId;
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
    let types = [Account::TYPE, MoneyTransfer::TYPE, TransferOrder::TYPE, Customer::TYPE];
    let subscription = Subscription {
        id: id.to_owned(),
        topics: types.map(topic_of).into(),
        handler: Arc::new(PerEvent(FollowUps { application })),
        dead_letters: Arc::clone(&deps.side.dead_letters),
        owner: None,
    };
    deps.side.subscribe(subscription, &deps.tasks).await
}

/// Records what the accounts answered, links reversals with the transfers that they reverse, creates the transfers that
/// are due, and cancels the orders of those who leave.
struct FollowUps {
    application: Application,
}

impl FollowUps {
    /// What follows for which transfer, and the command's id.
    fn next_step(
        &self,
        event: &RecordedEvent,
    ) -> Result<Option<(TransferId, Uuid, TransferCommand)>, CodecError> {
        Ok(match event.stream.aggregate_type.as_str() {
            Account::TYPE => saga::transfer_commands_after(&event.decode::<AccountEvent>()?),
            MoneyTransfer::TYPE => saga::reversal_commands_after(&event.decode::<TransferEvent>()?),
            TransferOrder::TYPE => {
                let now = self.application.clock.now();
                let deadline = self.application.deadline_from(now);
                order::saga::transfer_commands_after(&event.decode::<OrderEvent>()?, now, deadline)
            }
            _ => None,
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

#[async_trait]
impl Handler for FollowUps {
    async fn handle(&self, event: &RecordedEvent) -> Outcome {
        if event.stream.aggregate_type == Customer::TYPE {
            return self.after_a_customers(event).await;
        }
        match self.next_step(event) {
            Err(error) => Outcome::DeadLetter(error.to_string()),
            Ok(None) => Outcome::Done,
            Ok(Some((transfer, command_id, command))) => {
                let context = caused_by(event, command_id);
                outcome_of(self.application.commands.execute(transfer.0, command, context).await)
            }
        }
    }
}
