//! Finds transfers and bulk transfers past their deadline and asks the account in question to decide.
//!
//! Giving up is never decided here: the transfer records that its deadline passed, and the account answers that
//! record under the pending step's own command id. Whichever of the two commits first is the answer to both.

use std::time::Duration;

use domain::Aggregate;
use domain::bulk_transfer::{BulkTransfer, BulkTransferCommand};
use domain::transfer::{MoneyTransfer, TransferCommand, TransferRefusal};
use event_store::{CommandContext, ExecuteError, StoreError};
use messaging::Outcome;
use service_kit::command::outcome_of;
use service_kit::tasks::Tasks;
use uuid::Uuid;

use crate::application::Application;
use crate::config::Config;

/// How many transfers one look takes in hand.
const AT_ONCE: u32 = 500;

pub(crate) fn start(application: Application, config: &Config, tasks: &Tasks) {
    let sweeper = Sweeper { application, retry_after: config.sweep_retry.into() };
    tasks.repeat("sweeper", config.sweep_interval.into(), move || {
        let sweeper = sweeper.clone();
        async move {
            let swept = (sweeper.sweep_transfers().await, sweeper.sweep_bulks().await);
            if let (Err(error), _) | (_, Err(error)) = swept {
                tracing::warn!(%error, "the sweeper could not look for transfers past their deadline");
            }
        }
    });
}

#[derive(Clone)]
struct Sweeper {
    application: Application,
    retry_after: Duration,
}

impl Sweeper {
    async fn sweep_transfers(&self) -> Result<(), StoreError> {
        let now = self.application.clock.now();
        let due = self.application.store.due(MoneyTransfer::TYPE, now, AT_ONCE).await?;
        for (id, deadline) in due {
            match self.pass_deadline(id).await {
                Ok(()) => {
                    tracing::info!(transfer = %id, %deadline, "asked an account to decide an overdue transfer")
                }
                Err(error) => tracing::warn!(transfer = %id, %error, "could not record a passed deadline"),
            }
        }
        Ok(())
    }

    async fn sweep_bulks(&self) -> Result<(), StoreError> {
        let now = self.application.clock.now();
        let due = self.application.store.due(BulkTransfer::TYPE, now, AT_ONCE).await?;
        for (id, deadline) in due {
            match self.press_on(id).await {
                Outcome::Done => {
                    tracing::info!(bulk_transfer = %id, %deadline, "pressed on with an overdue bulk transfer")
                }
                outcome => {
                    tracing::warn!(bulk_transfer = %id, ?outcome, "could not press on with a bulk transfer")
                }
            }
        }
        Ok(())
    }

    /// Safe against a second sweeper without a command id of its own: the first record moves the deadline, and
    /// before the deadline the command changes nothing.
    async fn pass_deadline(&self, id: Uuid) -> Result<(), ExecuteError<TransferRefusal>> {
        let now = self.application.clock.now();
        let command = TransferCommand::PassDeadline { now, next_check_at: now + self.retry_after };
        self.application.commands.execute(id, command, CommandContext::new(Uuid::now_v7())).await?;
        Ok(())
    }

    /// The source is asked to decide as any account is. Lines that were debited need nobody's answer: they are started.
    async fn press_on(&self, id: Uuid) -> Outcome {
        let bulk = match self.application.find_bulk(id).await {
            Ok(bulk) => bulk.state,
            Err(error) => return Outcome::Retry(error.to_string()),
        };
        if let Some(created) = bulk.created().filter(|created| created.owner_of_waiting_lines().is_some()) {
            return self.application.start_waiting_lines(created).await;
        }
        let now = self.application.clock.now();
        let command = BulkTransferCommand::PassDeadline { now, next_check_at: now + self.retry_after };
        let context = CommandContext::new(Uuid::now_v7());
        outcome_of(self.application.bulk_commands.execute(id, command, context).await)
    }
}
