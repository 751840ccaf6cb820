//! Finds transfers past their deadline and asks the account in question to decide.
//!
//! Giving up is never decided here: the transfer records that its deadline passed, and the account answers that
//! record under the pending step's own command id. Whichever of the two commits first is the answer to both.

use std::time::Duration;

use domain::Aggregate;
use domain::transfer::{MoneyTransfer, TransferCommand, TransferRefusal};
use event_store::{CommandContext, ExecuteError, StoreError};
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
            if let Err(error) = sweeper.sweep().await {
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
    async fn sweep(&self) -> Result<(), StoreError> {
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

    /// Safe against a second sweeper without a command id of its own: the first record moves the deadline, and
    /// before the deadline the command changes nothing.
    async fn pass_deadline(&self, id: Uuid) -> Result<(), ExecuteError<TransferRefusal>> {
        let now = self.application.clock.now();
        let command = TransferCommand::PassDeadline { now, next_check_at: now + self.retry_after };
        self.application.commands.execute(id, command, CommandContext::new(Uuid::now_v7())).await?;
        Ok(())
    }
}
