//! The one task of a process that appends: everything that waits goes into one transaction, and the next batch grows
//! while that commits.

use sqlx::AnyPool;
use tokio::sync::{mpsc, oneshot};

use crate::chain::Hash;
use crate::entry::Decision;
use crate::log::AuditError;

/// The most entries of one transaction.
const BATCH: usize = 256;

/// How often a transaction is begun that the database gives up in favour of another one.
const TRIES: u32 = 5;

/// A decision, and who waits for it to be on disk.
pub(crate) struct Waiting {
    pub(crate) decision: Decision,
    pub(crate) written: oneshot::Sender<Result<i64, AuditError>>,
}

pub(crate) async fn write_all(pool: AnyPool, mut waiting: mpsc::Receiver<Waiting>) {
    let mut batch = Vec::with_capacity(BATCH);
    while waiting.recv_many(&mut batch, BATCH).await > 0 {
        let texts: Vec<_> = batch.iter().map(|entry| text(&entry.decision)).collect();
        let outcome = append_patiently(&pool, &texts).await;
        let place = |first: i64, at: usize| first + i64::try_from(at).unwrap_or(i64::MAX);
        for (at, entry) in batch.drain(..).enumerate() {
            let written = outcome.as_ref().map(|first| place(*first, at)).map_err(Clone::clone);
            // Whoever went away does not want to know.
            let _ = entry.written.send(written);
        }
    }
}

/// A decision holds nothing that JSON cannot say.
fn text(decision: &Decision) -> String {
    serde_json::to_string(decision).unwrap_or_default()
}

async fn append_patiently(pool: &AnyPool, texts: &[String]) -> Result<i64, AuditError> {
    for _ in 1..TRIES {
        match append(pool, texts).await {
            Err(error) if has_given_way(&error) => tracing::debug!(%error, "audit entries are written again"),
            outcome => return outcome,
        }
    }
    append(pool, texts).await
}

/// Whether the database has taken the transaction back so that another one could go on: nothing of it is there. These are
/// PostgreSQL's codes of serialization failures and deadlocks (its manual, appendix A).
fn has_given_way(error: &AuditError) -> bool {
    let AuditError::Database(error) = error else { return false };
    let code = error.as_database_error().and_then(|error| error.code());
    matches!(code.as_deref(), Some("40001" | "40P01"))
}

/// Gives the sequence of the first one.
async fn append(pool: &AnyPool, texts: &[String]) -> Result<i64, AuditError> {
    let mut transaction = pool.begin().await?;
    // Takes the head: another process waits here until this transaction ends.
    let (head, hash): (i64, String) =
        sqlx::query_as(include_str!("../sql/take_head.sql")).fetch_one(&mut *transaction).await?;
    let mut hash: Hash = hash.parse().map_err(|_| AuditError::Unreadable(head))?;
    let mut sequence = head;
    for text in texts {
        sequence += 1;
        hash = hash.then(sequence, text);
        sqlx::query(include_str!("../sql/insert_entry.sql"))
            .bind(sequence)
            .bind(text.as_str())
            .bind(hash.to_string())
            .execute(&mut *transaction)
            .await?;
    }
    sqlx::query(include_str!("../sql/move_head.sql"))
        .bind(sequence)
        .bind(hash.to_string())
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(head + 1)
}
