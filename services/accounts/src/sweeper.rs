//! Finds accounts with holds past their expiry, and has them recorded.
//!
//! Nobody waits for it: an account counts such a hold no longer from its expiry on. The record is for whoever reads the
//! events, such as the views.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::Aggregate;
use domain::account::{Account, AccountCommand, AccountRefusal};
use domain::command_id::hold_expiry_command_id;
use event_store::{CommandContext, EventStore, ExecuteError, Repository, StoreError};
use service_kit::tasks::Tasks;
use uuid::Uuid;

use crate::application::Application;

/// How many accounts one look takes in hand.
const AT_ONCE: u32 = 500;

/// Reads what is due, and asks the accounts.
#[derive(Clone)]
pub(crate) struct Sweeper {
    pub(crate) application: Application,
    pub(crate) repository: Repository<Account>,
    pub(crate) store: Arc<dyn EventStore>,
}

impl Sweeper {
    pub(crate) fn start(self, every: Duration, tasks: &Tasks) {
        tasks.repeat("sweeper", every, move || {
            let sweeper = self.clone();
            async move {
                if let Err(error) = sweeper.sweep().await {
                    tracing::warn!(%error, "the sweeper could not look for holds past their expiry");
                }
            }
        });
    }

    async fn sweep(&self) -> Result<(), StoreError> {
        let now = self.application.clock.now();
        for (id, expiry) in self.store.due(Account::TYPE, now, AT_ONCE).await? {
            match self.expire_holds(id, now).await {
                Ok(()) => tracing::info!(account = %id, %expiry, "recorded that holds have expired"),
                Err(error) => {
                    tracing::warn!(account = %id, %error, "could not record that holds have expired")
                }
            }
        }
        Ok(())
    }

    /// Under the id of one hold's expiry, so that a second sweeper meets the first one's result.
    async fn expire_holds(&self, id: Uuid, now: DateTime<Utc>) -> Result<(), ExecuteError<AccountRefusal>> {
        let account = self.repository.find(id).await?.state;
        let Some((hold_id, _)) = account.opened().and_then(|account| account.overdue_holds(now).next())
        else {
            return Ok(());
        };
        let context = CommandContext::new(hold_expiry_command_id(hold_id));
        self.application.execute(id, AccountCommand::ExpireHolds { now }, context).await?;
        Ok(())
    }
}
