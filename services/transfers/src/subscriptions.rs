//! What the transfers service listens to: the accounts' answers, and its own reversals.

use std::sync::Arc;

use async_trait::async_trait;
use domain::Aggregate;
use domain::account::{Account, AccountEvent};
use domain::event::CodecError;
use domain::ids::TransferId;
use domain::transfer::{MoneyTransfer, TransferCommand, TransferEvent, saga};
use event_store::RecordedEvent;
use messaging::{Handler, Outcome, PerEvent, Subscription, topic_of};
use service_kit::backends::Watched;
use service_kit::command::{caused_by, outcome_of};
use uuid::Uuid;

use crate::Deps;
use crate::application::Application;

/// Reads `bank.account` and `bank.transfer` from their start, or from where this subscription stopped.
pub(crate) async fn subscribe(id: &str, deps: &Deps, application: Application) -> anyhow::Result<Watched> {
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

/// What follows for which transfer, and the command's id.
fn next_step(event: &RecordedEvent) -> Result<Option<(TransferId, Uuid, TransferCommand)>, CodecError> {
    Ok(match event.stream.aggregate_type.as_str() {
        Account::TYPE => saga::transfer_commands_after(&event.decode::<AccountEvent>()?),
        MoneyTransfer::TYPE => saga::reversal_commands_after(&event.decode::<TransferEvent>()?),
        _ => None,
    })
}

#[async_trait]
impl Handler for Answers {
    async fn handle(&self, event: &RecordedEvent) -> Outcome {
        match next_step(event) {
            Err(error) => Outcome::DeadLetter(error.to_string()),
            Ok(None) => Outcome::Done,
            Ok(Some((transfer, command_id, command))) => {
                let context = caused_by(event, command_id);
                outcome_of(self.application.commands.execute(transfer.0, command, context).await)
            }
        }
    }
}
