//! What the transfers service listens to: the accounts' answers, and its own reversals.

use std::sync::Arc;

use async_trait::async_trait;
use domain::account::{Account, AccountEvent};
use domain::transfer::saga::TransferStep;
use domain::transfer::{MoneyTransfer, TransferEvent, saga};
use domain::{Aggregate, event::CodecError};
use event_store::RecordedEvent;
use messaging::{Handler, Outcome, PerEvent, Subscription, SubscriptionHandle, topic_of};
use service_kit::command::{caused_by, outcome_of};

use crate::Deps;
use crate::application::Application;

/// Reads `bank.account` and `bank.transfer` from their start, or from where this subscription stopped.
pub(crate) async fn subscribe(
    id: &str,
    deps: &Deps,
    application: Application,
) -> anyhow::Result<SubscriptionHandle> {
    let subscription = Subscription {
        id: id.to_owned(),
        topics: vec![topic_of(Account::TYPE), topic_of(MoneyTransfer::TYPE)],
        handler: Arc::new(PerEvent(Answers { application })),
        dead_letters: Arc::clone(&deps.side.dead_letters),
        owner: None,
    };
    deps.side.subscribe(subscription, &deps.tasks).await
}

/// Records what the accounts answered, and links reversals with the transfers that they reverse.
struct Answers {
    application: Application,
}

impl Answers {
    fn next_step(&self, event: &RecordedEvent) -> Result<Option<TransferStep>, CodecError> {
        Ok(match event.stream.aggregate_type.as_str() {
            Account::TYPE => saga::transfer_command_after_account(&event.decode::<AccountEvent>()?),
            MoneyTransfer::TYPE => {
                saga::transfer_command_after_transfer(&event.decode::<TransferEvent>()?, self.application.clock.now())
            }
            _ => None,
        })
    }
}

#[async_trait]
impl Handler for Answers {
    async fn handle(&self, event: &RecordedEvent) -> Outcome {
        match self.next_step(event) {
            Err(error) => Outcome::DeadLetter(error.to_string()),
            Ok(None) => Outcome::Done,
            Ok(Some(step)) => {
                let context = caused_by(event, step.command_id);
                outcome_of(self.application.commands.execute(step.transfer_id.0, step.command, context).await)
            }
        }
    }
}
