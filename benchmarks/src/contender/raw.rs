//! What PostgreSQL can take at most: rows that are ready, 100 events a commit in one statement, 4 connections.
//!
//! Each connection adds one event to each of 100 accounts at a time, so that the indexes are met where commands
//! meet them.

use async_trait::async_trait;
use futures::future::try_join_all;
use sqlx::postgres::PgConnection;
use sqlx::query_scalar;
use uuid::Uuid;

use super::handwritten::{deposited, opened};
use super::own::{self, Own, Way};
use crate::account_worker::Accounts;
use crate::driver::{Step, Worker};
use crate::postgres::Database;
use crate::workload::{DEPOSIT, DEPOSITED, DEPOSITS_PER_ACCOUNT, EventType, OPENED, Work, now};

/// Events with all their indexes, their commands, and one outbox row a commit.
pub(super) const EVERYTHING: &str = include_str!("../../sql/raw.sql");
/// The same events alone.
pub(super) const EVENTS: &str = include_str!("../../sql/raw_events.sql");

const CONNECTIONS: usize = 4;
const EVENTS_A_COMMIT: usize = 100;

/// Workers that write with `statement` into our own tables.
pub(super) async fn workers(
    database: &Database,
    statement: &'static str,
) -> anyhow::Result<Vec<Box<dyn Worker>>> {
    // Our store creates the tables.
    Own::open(&database.url(), Way::Direct).await?.close().await;
    let connections = try_join_all((0..CONNECTIONS).map(|_| database.connect())).await?;
    let work = Work::new(EventType::Beside)?;
    let worker = |connection| -> Box<dyn Worker> {
        Box::new(Raw { connection, statement, work: work.clone(), accounts: Vec::new(), version: 0 })
    };
    Ok(connections.into_iter().map(worker).collect())
}

struct Raw {
    connection: PgConnection,
    statement: &'static str,
    work: Work,
    accounts: Vec<Uuid>,
    /// Of every account.
    version: i64,
}

#[async_trait]
impl Worker for Raw {
    async fn step(&mut self) -> anyhow::Result<Step> {
        if self.accounts.is_empty() || self.version > i64::from(DEPOSITS_PER_ACCOUNT) {
            self.accounts = (0..EVENTS_A_COMMIT).map(|_| Uuid::now_v7()).collect();
            self.version = 0;
        }
        let payloads = self.payloads()?;
        let event_type = if self.version == 0 { OPENED } else { DEPOSITED };
        self.version += 1;
        let written: i64 = query_scalar(self.statement)
            .bind(&self.accounts)
            .bind(self.version)
            .bind((0..EVENTS_A_COMMIT).map(|_| Uuid::now_v7()).collect::<Vec<_>>())
            .bind((0..EVENTS_A_COMMIT).map(|_| Uuid::new_v4()).collect::<Vec<_>>())
            .bind(event_type)
            .bind(payloads)
            .bind(serde_json::to_string(&own::metadata())?)
            .bind(now())
            .bind([7_u8; 32].as_slice())
            .fetch_one(&mut self.connection)
            .await?;
        Ok(Step { commands: u64::try_from(written)?, retries: 0 })
    }
}

impl Raw {
    fn payloads(&self) -> anyhow::Result<Vec<String>> {
        let balance = (self.version - 1).max(0) * i64::try_from(DEPOSIT)?;
        let payload = |id: &Uuid| match self.version {
            0 => Ok(opened(*id, &self.work)?),
            _ => deposited(balance, &self.work),
        };
        self.accounts.iter().map(payload).collect()
    }
}
