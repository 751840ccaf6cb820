//! Our own store with everything that it does for the bank: metadata, the command's id and hash, the outbox.

use std::sync::Arc;

use async_trait::async_trait;
use domain::account::{Account, AccountCommand};
use event_store::{
    CommandContext, Commands, EventStore, LaneSettings, Metadata, Repository, RequestHash, SystemClock,
};
use uuid::Uuid;

use crate::account_worker::Accounts;
use crate::workload::{EventType, Work};

/// As the services have it.
pub(crate) const SNAPSHOT_EVERY: u32 = 50;
const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// How commands reach their accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// What waits at the same time is committed together.
    Lanes,
    /// Each is committed by itself.
    Direct,
}

/// Our own store, on any backend.
pub(crate) struct Own {
    store: Arc<dyn EventStore>,
    commands: Commands<Account>,
    work: Work,
}

impl Own {
    /// The store behind `url` with its default settings.
    pub(crate) async fn open(url: &str, way: Way) -> anyhow::Result<Self> {
        let store = event_store::open(url).await?;
        let repository = Repository::new(Arc::clone(&store), Arc::new(SystemClock), SNAPSHOT_EVERY);
        let commands = match way {
            Way::Lanes => Commands::lanes(repository, &LaneSettings::default()),
            Way::Direct => Commands::direct(repository),
        };
        Ok(Self { store, commands, work: Work::new(EventType::Beside)? })
    }

    /// Where it keeps its events.
    pub(crate) fn store(&self) -> Arc<dyn EventStore> {
        Arc::clone(&self.store)
    }

    async fn execute(&self, id: Uuid, command: AccountCommand) -> anyhow::Result<u64> {
        self.commands.execute(id, command, context()).await?;
        // Its retries are counted by crate::retries.
        Ok(0)
    }
}

#[async_trait]
impl Accounts for Own {
    async fn open(&self, id: Uuid) -> anyhow::Result<u64> {
        self.execute(id, self.work.open(id)).await
    }

    async fn deposit(&self, id: Uuid) -> anyhow::Result<u64> {
        self.execute(id, self.work.deposit()).await
    }

    async fn close(&self) {
        self.store.close().await;
    }
}

/// What an HTTP request under a caller's key carries. The id of such a command is a hash, so it is random here.
fn context() -> CommandContext {
    CommandContext {
        request_hash: Some(RequestHash([7; 32])),
        store_refusal: true,
        metadata: metadata(),
        ..CommandContext::new(Uuid::new_v4())
    }
}

/// What every event of such a request carries.
pub(super) fn metadata() -> Metadata {
    Metadata {
        correlation_id: Some(Uuid::now_v7()),
        causation_id: Some(Uuid::now_v7()),
        actor: None,
        traceparent: Some(TRACEPARENT.to_owned()),
        tracestate: None,
    }
}
