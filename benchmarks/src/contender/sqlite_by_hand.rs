//! SQLite by hand, one transaction a command, with the settings of our own store: write-ahead log, and every commit
//! on the disk before it is acknowledged.
//!
//! SQLite has one writer at a time. Whoever waits for a turn in this process loses no time to SQLite's own way of
//! waiting, which is to sleep and to try again.

use std::path::Path;

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, query, query_as, query_scalar, raw_sql};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::handwritten::{deposited, opened};
use crate::account_worker::Accounts;
use crate::machine::Fact;
use crate::workload::{DEPOSITED, EventType, OPENED, Work, now};

/// See the module.
pub(crate) struct SqliteByHand {
    writer: Mutex<Option<SqliteConnection>>,
    work: Work,
}

impl SqliteByHand {
    pub(crate) async fn open(path: &Path) -> anyhow::Result<Self> {
        let mut writer = connect(path).await?;
        raw_sql(include_str!("../../sql/handwritten_sqlite.sql")).execute(&mut writer).await?;
        Ok(Self { writer: Mutex::new(Some(writer)), work: Work::new(EventType::Beside)? })
    }
}

#[async_trait]
impl Accounts for SqliteByHand {
    async fn open(&self, id: Uuid) -> anyhow::Result<u64> {
        let opened = opened(id, &self.work)?;
        let mut writer = self.writer.lock().await;
        insert(open_still(&mut writer)?, id, 1, OPENED, &opened).await?;
        Ok(0)
    }

    async fn deposit(&self, id: Uuid) -> anyhow::Result<u64> {
        let mut writer = self.writer.lock().await;
        let writer = open_still(&mut writer)?;
        // Nobody else writes between the two, so that they need no transaction around them.
        let (version, balance) = account(writer, id).await?;
        insert(writer, id, version + 1, DEPOSITED, &deposited(balance, &self.work)?).await?;
        Ok(0)
    }

    async fn close(&self) {
        if let Some(writer) = self.writer.lock().await.take() {
            // The file is removed next, whatever becomes of this.
            let _ = writer.close().await;
        }
    }
}

/// Version and settings of SQLite.
pub(crate) async fn facts(path: &Path) -> anyhow::Result<Vec<Fact>> {
    let mut connection = connect(path).await?;
    let version: String = query_scalar("SELECT sqlite_version()").fetch_one(&mut connection).await?;
    let journal: String = query_scalar("PRAGMA journal_mode").fetch_one(&mut connection).await?;
    let synchronous: i64 = query_scalar("PRAGMA synchronous").fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(vec![
        Fact::new("SQLite", version),
        Fact::new("SQLite journal_mode", journal),
        Fact::new(
            "SQLite synchronous",
            if synchronous == 2 { "full".to_owned() } else { synchronous.to_string() },
        ),
    ])
}

/// A connection with the settings of our own store.
pub(crate) async fn connect(path: &Path) -> anyhow::Result<SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .disable_statement_logging();
    Ok(options.connect().await?)
}

fn open_still(writer: &mut Option<SqliteConnection>) -> anyhow::Result<&mut SqliteConnection> {
    writer.as_mut().ok_or_else(|| anyhow::anyhow!("the connection is closed"))
}

async fn account(connection: &mut SqliteConnection, id: Uuid) -> anyhow::Result<(i64, i64)> {
    let last = "SELECT version, coalesce(payload->>'balance', 0)
                FROM events WHERE account_id = ?1 ORDER BY version DESC LIMIT 1";
    Ok(query_as(last).bind(id).fetch_one(connection).await?)
}

async fn insert(
    connection: &mut SqliteConnection,
    id: Uuid,
    version: i64,
    event_type: &str,
    payload: &str,
) -> anyhow::Result<()> {
    let insert = "INSERT INTO events (account_id, version, event_type, payload, recorded_at)
                  VALUES (?1, ?2, ?3, ?4, ?5)";
    query(insert)
        .bind(id)
        .bind(version)
        .bind(event_type)
        .bind(payload)
        .bind(now().timestamp_micros())
        .execute(connection)
        .await?;
    Ok(())
}
