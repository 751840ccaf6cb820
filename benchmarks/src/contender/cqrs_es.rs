//! The crates `cqrs-es` and `postgres-es`.
//!
//! On short streams its event store is the fastest of its stores, because it writes one row a command. A hot account
//! has a long stream, which the event store would replay before each command; there its aggregate store, which keeps
//! the state in a row, is the fastest.

use std::mem;

use ::cqrs_es::event_sink::EventSink;
use ::cqrs_es::{Aggregate, AggregateError, DomainEvent};
use anyhow::bail;
use async_trait::async_trait;
use domain::Aggregate as _;
use domain::account::{Account, AccountCommand, AccountEvent, AccountRefusal};
use postgres_es::{PostgresCqrs, postgres_aggregate_cqrs, postgres_cqrs};
use serde::{Deserialize, Serialize};
use sqlx08::PgPool;
use uuid::Uuid;

use super::{again, pool08};
use crate::account_worker::Accounts;
use crate::plan::Load;
use crate::postgres::Database;
use crate::workload::{DEPOSITED, EventType, OPENED, Work};

/// See the module.
pub(super) struct CqrsEs {
    accounts: PostgresCqrs<StoredAccount>,
    pool: PgPool,
    work: Work,
}

impl CqrsEs {
    pub(super) async fn open(database: &Database, connections: usize, load: Load) -> anyhow::Result<Self> {
        database.execute(include_str!("../../sql/cqrs_es.sql")).await?;
        let pool = pool08::open(database, connections).await?;
        let accounts = match load {
            Load::Hot => postgres_aggregate_cqrs(pool.clone(), Vec::new(), ()),
            _ => postgres_cqrs(pool.clone(), Vec::new(), ()),
        };
        Ok(Self { accounts, pool, work: Work::new(EventType::InPayload)? })
    }

    async fn execute(&self, id: Uuid, command: AccountCommand) -> anyhow::Result<u64> {
        let id = id.to_string();
        let mut retries = 0;
        loop {
            match self.accounts.execute(&id, command.clone()).await {
                Ok(()) => return Ok(retries),
                Err(AggregateError::AggregateConflict) => retries += 1,
                Err(failure) => bail!("cqrs-es: {failure}"),
            }
            again::rest(retries).await;
        }
    }
}

#[async_trait]
impl Accounts for CqrsEs {
    async fn open(&self, id: Uuid) -> anyhow::Result<u64> {
        self.execute(id, self.work.open(id)).await
    }

    async fn deposit(&self, id: Uuid) -> anyhow::Result<u64> {
        self.execute(id, self.work.deposit()).await
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}

/// The bank's account as this crate wants it.
#[derive(Default, Serialize, Deserialize)]
#[serde(transparent)]
struct StoredAccount(Account);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
struct StoredEvent(AccountEvent);

impl Aggregate for StoredAccount {
    const TYPE: &'static str = Account::TYPE;

    type Command = AccountCommand;
    type Event = StoredEvent;
    type Error = AccountRefusal;
    type Services = ();

    async fn handle(
        &mut self,
        command: AccountCommand,
        _services: &(),
        sink: &EventSink<Self>,
    ) -> Result<(), AccountRefusal> {
        for event in self.0.decide(&command)? {
            sink.write(StoredEvent(event), self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: StoredEvent) {
        self.0 = mem::take(&mut self.0).evolve(&event.0);
    }
}

impl DomainEvent for StoredEvent {
    fn event_type(&self) -> String {
        let name = if matches!(self.0, AccountEvent::AccountOpened { .. }) { OPENED } else { DEPOSITED };
        name.to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
