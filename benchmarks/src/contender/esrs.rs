//! The crate `esrs`.
//!
//! It has no snapshots: every command replays the account. Its locks would spare it the retries, but each
//! holds a second connection meanwhile: on hot accounts they are no faster, and elsewhere slower.

use ::esrs::manager::AggregateManager;
use ::esrs::store::postgres::{PgStore, PgStoreBuilder, PgStoreError, UuidFormat};
use ::esrs::{Aggregate, AggregateState};
use anyhow::Context;
use async_trait::async_trait;
use domain::Aggregate as _;
use domain::account::{Account, AccountCommand, AccountEvent, AccountRefusal};
use sqlx08::PgPool;
use uuid::Uuid;

use super::{again, pool08};
use crate::account_worker::Accounts;
use crate::postgres::Database;
use crate::workload::{EventType, Work};

/// See the module.
pub(super) struct Esrs {
    accounts: AggregateManager<PgStore<StoredAccount>>,
    pool: PgPool,
    work: Work,
}

impl Esrs {
    pub(super) async fn open(database: &Database, connections: usize) -> anyhow::Result<Self> {
        let pool = pool08::open(database, connections).await?;
        let store =
            PgStoreBuilder::new(pool.clone()).with_event_id_format(UuidFormat::V7).try_build().await?;
        Ok(Self { accounts: AggregateManager::new(store), pool, work: Work::new(EventType::InPayload)? })
    }

    /// Whether the command was carried out; if not, another one was faster.
    async fn attempt(&self, state: AggregateState<Account>, command: AccountCommand) -> anyhow::Result<bool> {
        match self.accounts.handle_command(state, command).await {
            Ok(decided) => Ok(decided.map(|_| true)?),
            Err(failure) if is_conflict(&failure) => Ok(false),
            Err(failure) => Err(failure).context("esrs"),
        }
    }
}

#[async_trait]
impl Accounts for Esrs {
    async fn open(&self, id: Uuid) -> anyhow::Result<u64> {
        let opened = self.attempt(AggregateState::with_id(id), self.work.open(id)).await?;
        anyhow::ensure!(opened, "an account was opened twice");
        Ok(0)
    }

    async fn deposit(&self, id: Uuid) -> anyhow::Result<u64> {
        let mut retries = 0;
        loop {
            let state = self.accounts.load(id).await?.context("the account is gone")?;
            if self.attempt(state, self.work.deposit()).await? {
                return Ok(retries);
            }
            retries += 1;
            again::rest(retries).await;
        }
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}

fn is_conflict(failure: &PgStoreError) -> bool {
    let PgStoreError::Sqlx(sqlx08::Error::Database(failure)) = failure else {
        return false;
    };
    failure.is_unique_violation()
}

/// The bank's account as this crate wants it.
struct StoredAccount;

impl Aggregate for StoredAccount {
    const NAME: &'static str = Account::TYPE;

    type State = Account;
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Error = AccountRefusal;

    fn handle_command(state: &Account, command: AccountCommand) -> Result<Vec<AccountEvent>, AccountRefusal> {
        state.decide(&command)
    }

    fn apply_event(state: Account, event: AccountEvent) -> Account {
        state.evolve(&event)
    }
}
