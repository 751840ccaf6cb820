//! What the accounts service listens to: the steps of transfers.
//!
//! Each step arrives under its own command id, so that a repeated message, a renamed subscription or the
//! sweeper's repetition meets the first one's result.

use std::sync::Arc;

use async_trait::async_trait;
use domain::Aggregate;
use domain::account::{Account, AccountRefusal};
use domain::transfer::{MoneyTransfer, TransferEvent, saga};
use event_store::{Clock, Commands, EventStore, ExecuteError, RecordedEvent};
use messaging::{Handler, Outcome, PerEvent, Subscription, topic_of};
use service_kit::backends::Watched;
use service_kit::command::{caused_by, outcome_of};

use crate::Deps;

/// Reads `bank.transfer` from its start, or from where this subscription stopped.
pub(crate) async fn subscribe(id: &str, deps: &Deps, commands: Commands<Account>) -> anyhow::Result<Watched> {
    let steps =
        TransferSteps { commands, store: Arc::clone(&deps.side.store), clock: Arc::clone(&deps.clock) };
    let subscription = Subscription {
        id: id.to_owned(),
        topics: vec![topic_of(MoneyTransfer::TYPE)],
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

#[async_trait]
impl Handler for TransferSteps {
    async fn handle(&self, event: &RecordedEvent) -> Outcome {
        let transfer_event = match event.decode::<TransferEvent>() {
            Ok(transfer_event) => transfer_event,
            Err(error) => return Outcome::DeadLetter(error.to_string()),
        };
        let step = saga::account_commands_after(&transfer_event, self.clock.now());
        let Some((account, command_id, command, _)) = step else {
            return Outcome::Done;
        };
        let asks_again = matches!(transfer_event, TransferEvent::DeadlinePassed { .. });
        match self.commands.execute(account.0, command, caused_by(event, command_id)).await {
            // The sweeper asks because it has not seen the answer: say it again.
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
