//! SQL by hand, as good as it gets with one transaction a command: no framework, no replay (the last event carries
//! the balance), one SELECT and one INSERT that is its own transaction, prepared statements, and a connection for
//! each of up to 64 commands that is neither tested before nor after its use.

use anyhow::Context;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::money::Money;
use futures::future::try_join_all;
use serde::Serialize;
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Error, query, query_as};
use std::sync::{Mutex, PoisonError};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::again;
use crate::account_worker::Accounts;
use crate::postgres::Database;
use crate::workload::{DEPOSIT, DEPOSITED, EventType, OPENED, Work, now};

/// See the module.
pub(super) struct Handwritten {
    connections: Connections,
    work: Work,
}

impl Handwritten {
    pub(super) async fn open(database: &Database, connections: usize) -> anyhow::Result<Self> {
        database.execute(include_str!("../../sql/handwritten.sql")).await?;
        let connections = try_join_all((0..connections).map(|_| database.connect())).await?;
        Ok(Self { connections: Connections::new(connections), work: Work::new(EventType::Beside)? })
    }
}

#[async_trait]
impl Accounts for Handwritten {
    async fn open(&self, id: Uuid) -> anyhow::Result<u64> {
        let mut lent = self.connections.lend().await?;
        let opened = opened(id, &self.work)?;
        let inserted = insert(lent.connection()?, id, 1, OPENED, &opened).await?;
        anyhow::ensure!(inserted, "an account was opened twice");
        Ok(0)
    }

    async fn deposit(&self, id: Uuid) -> anyhow::Result<u64> {
        let mut lent = self.connections.lend().await?;
        let mut retries = 0;
        loop {
            let (version, balance) = account(lent.connection()?, id).await?;
            let deposited = deposited(balance, &self.work)?;
            if insert(lent.connection()?, id, version + 1, DEPOSITED, &deposited).await? {
                return Ok(retries);
            }
            retries += 1;
            again::rest(retries).await;
        }
    }

    async fn close(&self) {
        for connection in self.connections.take_all() {
            // The database is dropped next, whatever becomes of this.
            let _ = connection.close().await;
        }
    }
}

async fn account(connection: &mut PgConnection, id: Uuid) -> anyhow::Result<(i64, i64)> {
    let last = "SELECT version, coalesce((payload->>'balance')::bigint, 0)
                FROM events WHERE account_id = $1 ORDER BY version DESC LIMIT 1";
    Ok(query_as(last).bind(id).fetch_one(connection).await?)
}

/// Whether it was inserted; if not, another one was faster.
async fn insert(
    connection: &mut PgConnection,
    id: Uuid,
    version: i64,
    event_type: &str,
    payload: &str,
) -> anyhow::Result<bool> {
    let insert = "INSERT INTO events (account_id, version, event_type, payload, recorded_at)
                  VALUES ($1, $2, $3, $4::json, $5)";
    let inserted = query(insert)
        .bind(id)
        .bind(version)
        .bind(event_type)
        .bind(payload)
        .bind(now())
        .execute(connection)
        .await;
    match inserted {
        Ok(_) => Ok(true),
        Err(Error::Database(failure)) if failure.is_unique_violation() => Ok(false),
        Err(failure) => Err(failure.into()),
    }
}

/// The payload of an opening.
pub(crate) fn opened(id: Uuid, work: &Work) -> serde_json::Result<String> {
    serde_json::to_string(&Opened {
        account_id: id,
        customer_id: work.customer(),
        title: work.title(),
        currency: "USD",
        at: now(),
    })
}

/// The payload of a deposit into an account that holds `balance`.
pub(crate) fn deposited(balance: i64, work: &Work) -> anyhow::Result<String> {
    let balance = u64::try_from(balance)?.checked_add(DEPOSIT).context("the account is full")?;
    let deposited = Deposited { money: work.money(), memo: work.memo(), balance, at: now() };
    Ok(serde_json::to_string(&deposited)?)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Opened<'a> {
    account_id: Uuid,
    customer_id: &'a str,
    title: &'a str,
    currency: &'a str,
    at: DateTime<Utc>,
}

#[derive(Serialize)]
struct Deposited<'a> {
    money: Money,
    memo: &'a str,
    balance: u64,
    at: DateTime<Utc>,
}

/// The simplest pool. Those of sqlx ask a connection whether it lives after each use, which is a round trip.
struct Connections {
    idle: Mutex<Vec<PgConnection>>,
    permits: Semaphore,
}

/// A connection that goes back by itself.
struct Lent<'a> {
    connections: &'a Connections,
    connection: Option<PgConnection>,
    _permit: tokio::sync::SemaphorePermit<'a>,
}

impl Connections {
    fn new(connections: Vec<PgConnection>) -> Self {
        Self { permits: Semaphore::new(connections.len()), idle: Mutex::new(connections) }
    }

    async fn lend(&self) -> anyhow::Result<Lent<'_>> {
        let permit = self.permits.acquire().await?;
        let connection = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Ok(Lent { connections: self, connection, _permit: permit })
    }

    fn take_all(&self) -> Vec<PgConnection> {
        std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Lent<'_> {
    fn connection(&mut self) -> anyhow::Result<&mut PgConnection> {
        self.connection.as_mut().context("the connections are closed")
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut idle = self.connections.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.extend(self.connection.take());
    }
}
