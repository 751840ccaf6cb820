//! Writing to the log, and reading it.

use std::sync::Arc;

use sqlx::AnyPool;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use crate::chain::Hash;
use crate::entry::{Decision, Entry};
use crate::writer::{self, Waiting};

/// How many decisions may wait to be written.
const QUEUE: usize = 1024;

/// The log did not do what it was asked to.
#[derive(Debug, Error)]
pub enum AuditError {
    /// The database does not answer, or refused.
    #[error("the audit log does not answer: {0}")]
    Database(Arc<sqlx::Error>),
    /// The log cannot be opened.
    #[error("{0}")]
    Open(String),
    /// A row is none that this program wrote; `verify` says more.
    #[error("entry {0} of the audit log cannot be read")]
    Unreadable(i64),
    /// The process is about to end.
    #[error("the audit log is closed")]
    Closed,
}

impl From<sqlx::Error> for AuditError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(Arc::new(error))
    }
}

impl Clone for AuditError {
    fn clone(&self) -> Self {
        match self {
            Self::Database(error) => Self::Database(Arc::clone(error)),
            Self::Open(reason) => Self::Open(reason.clone()),
            Self::Unreadable(sequence) => Self::Unreadable(*sequence),
            Self::Closed => Self::Closed,
        }
    }
}

/// An open log. Several processes may write to one database: they take turns at its head.
#[derive(Clone)]
pub struct AuditLog {
    pub(crate) pool: AnyPool,
    queue: mpsc::Sender<Waiting>,
}

/// Which entries to read; what is not given does not matter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Whose.
    pub actor: Option<String>,
    /// Those whose path has this in it, such as an account's id.
    pub resource: Option<String>,
}

impl AuditLog {
    pub(crate) fn on(pool: AnyPool) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(writer::write_all(pool.clone(), waiting));
        Self { pool, queue }
    }

    /// Appends the decision, and comes back once it is on disk: its place in the chain. Whoever gives up waiting does
    /// not take the entry back.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn record(&self, decision: Decision) -> Result<i64, AuditError> {
        let (written, answer) = oneshot::channel();
        self.queue.send(Waiting { decision, written }).await.map_err(|_| AuditError::Closed)?;
        answer.await.map_err(|_| AuditError::Closed)?
    }

    /// The entries after `sequence` that the filter lets through, the oldest first, from at most `limit` rows; and the
    /// last sequence that was looked at, where the next call goes on.
    ///
    /// # Errors
    /// When the database does not answer, or a row is none.
    pub async fn read(
        &self,
        filter: &Filter,
        after: i64,
        limit: i64,
    ) -> Result<(Vec<Entry>, i64), AuditError> {
        let rows = self.rows(after, limit).await?;
        let last = rows.last().map_or(after, |(sequence, ..)| *sequence);
        let mut entries = Vec::new();
        for (sequence, text, hash) in rows {
            let unreadable = || AuditError::Unreadable(sequence);
            let decision: Decision = serde_json::from_str(&text).map_err(|_| unreadable())?;
            if filter.lets_through(&decision) {
                let hash = hash.parse().map_err(|_| unreadable())?;
                entries.push(Entry { sequence, decision, hash });
            }
        }
        Ok((entries, last))
    }

    pub(crate) async fn rows(
        &self,
        after: i64,
        limit: i64,
    ) -> Result<Vec<(i64, String, String)>, AuditError> {
        let rows = sqlx::query_as(include_str!("../sql/entries_after.sql")).bind(after).bind(limit);
        Ok(rows.fetch_all(&self.pool).await?)
    }

    /// The last entry's place and hash, by which the whole log up to now is known; (0, [`Hash::NONE`]) of an empty one.
    ///
    /// # Errors
    /// When the database does not answer, or the head is none.
    pub async fn head(&self) -> Result<(i64, Hash), AuditError> {
        let (sequence, hash): (i64, String) =
            sqlx::query_as(include_str!("../sql/head.sql")).fetch_one(&self.pool).await?;
        Ok((sequence, hash.parse().map_err(|_| AuditError::Unreadable(sequence))?))
    }

    /// Whether it answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), AuditError> {
        self.head().await.map(drop)
    }

    /// Lets go of the database.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

impl Filter {
    fn lets_through(&self, decision: &Decision) -> bool {
        self.actor.as_ref().is_none_or(|actor| decision.actor.as_ref() == Some(actor))
            && self.resource.as_ref().is_none_or(|resource| decision.resource.contains(resource))
    }
}
