//! The views in one SQLite file.
//!
//! Invariant: a batch is one transaction, on the disk (`synchronous=FULL`) before it is answered, because the
//! subscription stores its offset right after that: an offset must never outlive the views that it stands for.

mod rows;

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use domain::ids::{AccountId, TransferId};
use domain::text::CustomerId;
use event_store::Version;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::types::Json;
use sqlx::{Sqlite, Transaction, query, query_as, query_scalar, raw_sql};

use self::rows::{GenerationsRow, failed, parse, parse_all};
use super::{
    At, Building, Changes, ChangesReceiver, Generation, Generations, StoredAccount, TransferRange, ViewError,
    ViewStore, WriteBatch, Written,
};
use crate::view::{
    AccountDocument, AccountView, EntryPlace, EntryView, Moment, TransferDocument, Views, entries_before,
};

const READERS: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Rows of an old generation that are removed at once: the projector writes in between.
const DROPPED_AT_ONCE: i64 = 2_000;

/// Views in one SQLite file.
#[derive(Clone)]
pub struct SqliteViews {
    readers: SqlitePool,
    writer: Option<SqlitePool>,
    changes: Changes,
}

impl SqliteViews {
    /// Opens the file at `path` and creates it, its folder and its tables where they are missing.
    ///
    /// # Errors
    /// [`ViewError::Config`] when the folder cannot be created, otherwise what SQLite says.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, ViewError> {
        let path = path.as_ref();
        create_folder_of(path).await?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT);
        let writer = pool(1).connect_with(options.clone()).await.map_err(failed)?;
        raw_sql(include_str!("sqlite/schema.sql")).execute(&writer).await.map_err(failed)?;
        let readers = pool(READERS).connect_lazy_with(options.read_only(true).create_if_missing(false));
        Ok(Self { readers, writer: Some(writer), changes: Changes::new() })
    }

    /// Opens the existing file at `path` for tools that check it, also while another process writes to it.
    /// Every write is refused.
    ///
    /// # Errors
    /// What SQLite says, for example that there is no such file.
    pub async fn open_read_only(path: impl AsRef<Path>) -> Result<Self, ViewError> {
        let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(BUSY_TIMEOUT);
        let readers = pool(READERS).connect_with(options).await.map_err(failed)?;
        Ok(Self { readers, writer: None, changes: Changes::new() })
    }

    fn writer(&self) -> Result<&SqlitePool, ViewError> {
        self.writer.as_ref().ok_or_else(|| ViewError::Failed("they were opened for reading only".to_owned()))
    }

    async fn write_now(self, generation: Generation, batch: WriteBatch) -> Result<Written, ViewError> {
        let mut transaction = self.writer()?.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        write_rows(&mut transaction, generation, &batch).await?;
        let wanted = batch.accounts.len() as u64;
        let written = query(include_str!("sqlite/write_accounts.sql"))
            .bind(generation.0)
            .bind(Json(rows::accounts(&batch.accounts)?))
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        if written.rows_affected() != wanted {
            transaction.rollback().await.map_err(failed)?;
            return Ok(Written::Raced);
        }
        transaction.commit().await.map_err(failed)?;
        self.changes.tell(batch.accounts.iter().map(|stored| stored.document.id));
        Ok(Written::All)
    }

    async fn drop_now(self, generation: Generation) -> Result<(), ViewError> {
        let writer = self.writer()?;
        for statement in [
            include_str!("sqlite/drop_some_accounts.sql"),
            include_str!("sqlite/drop_some_moments.sql"),
            include_str!("sqlite/drop_some_transfers.sql"),
            include_str!("sqlite/drop_some_parties.sql"),
        ] {
            loop {
                let dropped = query(statement).bind(generation.0).bind(DROPPED_AT_ONCE);
                if dropped.execute(writer).await.map_err(failed)?.rows_affected() == 0 {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn begin_now(self) -> Result<Generation, ViewError> {
        let begin = query_scalar(include_str!("sqlite/begin_generation.sql"));
        let begun = Generation(begin.fetch_one(self.writer()?).await.map_err(failed)?);
        let leftovers: Vec<i64> = query_scalar(include_str!("sqlite/leftovers.sql"))
            .fetch_all(&self.readers)
            .await
            .map_err(failed)?;
        for leftover in leftovers {
            self.clone().drop_now(Generation(leftover)).await?;
        }
        Ok(begun)
    }

    /// Changes the one record and says whether its condition held.
    async fn change_generations(&self, statement: &'static str, binds: &[i64]) -> Result<bool, ViewError> {
        let (writer, binds) = (self.writer()?.clone(), binds.to_vec());
        to_the_end(async move {
            let change = binds.into_iter().fold(query(statement), |query, bind| query.bind(bind));
            Ok(change.execute(&writer).await.map_err(failed)?.rows_affected() == 1)
        })
        .await
    }
}

#[async_trait]
impl ViewStore for SqliteViews {
    fn system(&self) -> &'static str {
        "sqlite"
    }

    async fn generations(&self) -> Result<Generations, ViewError> {
        let row: GenerationsRow = query_as("SELECT active, building, announced, missed FROM generations")
            .fetch_one(&self.readers)
            .await
            .map_err(failed)?;
        Ok(rows::generations(row))
    }

    async fn accounts(
        &self,
        generation: Generation,
        ids: &[AccountId],
    ) -> Result<Vec<StoredAccount>, ViewError> {
        let found: Vec<(i64, String)> = query_as(include_str!("sqlite/accounts.sql"))
            .bind(generation.0)
            .bind(Json(ids))
            .fetch_all(&self.readers)
            .await
            .map_err(failed)?;
        let stored =
            |(revision, text): (i64, String)| Ok(StoredAccount { revision, document: parse(&text)? });
        found.into_iter().map(stored).collect()
    }

    async fn transfers(
        &self,
        generation: Generation,
        ids: &[TransferId],
    ) -> Result<Vec<TransferDocument>, ViewError> {
        let found = query_scalar(include_str!("sqlite/transfers.sql")).bind(generation.0).bind(Json(ids));
        parse_all(&found.fetch_all(&self.readers).await.map_err(failed)?)
    }

    async fn write(&self, generation: Generation, batch: WriteBatch) -> Result<Written, ViewError> {
        to_the_end(self.clone().write_now(generation, batch)).await
    }

    async fn list_accounts(
        &self,
        generation: Generation,
        customer: Option<&CustomerId>,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<AccountView>, ViewError> {
        let statement = match customer {
            Some(_) => include_str!("sqlite/list_accounts_of_customer.sql"),
            None => include_str!("sqlite/list_accounts.sql"),
        };
        let list = query_scalar(statement)
            .bind(generation.0)
            .bind(after.map(|id| id.to_string()).unwrap_or_default())
            .bind(rows::limit(limit));
        let list = match customer {
            Some(customer) => list.bind(customer.as_str()),
            None => list,
        };
        let documents: Vec<AccountDocument> =
            parse_all(&list.fetch_all(&self.readers).await.map_err(failed)?)?;
        Ok(documents.iter().filter_map(AccountDocument::view).collect())
    }

    async fn list_entries(
        &self,
        generation: Generation,
        account: AccountId,
        before: Option<EntryPlace>,
        limit: usize,
    ) -> Result<Vec<EntryView>, ViewError> {
        let list = query_scalar(include_str!("sqlite/list_entries.sql"))
            .bind(generation.0)
            .bind(account.to_string())
            .bind(before.map_or(i64::MAX, |before| before.end_of_versions().0))
            .bind(rows::limit(limit));
        let moments: Vec<Moment> = parse_all(&list.fetch_all(&self.readers).await.map_err(failed)?)?;
        Ok(entries_before(&moments, before, limit))
    }

    async fn list_transfers(
        &self,
        generation: Generation,
        account: AccountId,
        range: TransferRange,
        limit: usize,
    ) -> Result<Vec<TransferDocument>, ViewError> {
        // Without a place to go on from, every row comes after (the end of time, any id).
        let after =
            range.after.map_or((i64::MAX, String::new()), |(at, id)| (at.timestamp_micros(), id.to_string()));
        let list = query_scalar(include_str!("sqlite/list_transfers.sql"))
            .bind(generation.0)
            .bind(account.to_string())
            .bind(after.0)
            .bind(after.1)
            .bind(range.until.map_or(i64::MAX, |until| until.timestamp_micros()))
            .bind(rows::limit(limit));
        parse_all(&list.fetch_all(&self.readers).await.map_err(failed)?)
    }

    async fn moment(
        &self,
        generation: Generation,
        account: AccountId,
        at: At,
    ) -> Result<Option<Moment>, ViewError> {
        let (statement, at) = match at {
            At::Version(version) => (include_str!("sqlite/moment_at_version.sql"), version.0),
            At::Time(time) => (include_str!("sqlite/moment_at_time.sql"), time.timestamp_micros()),
        };
        let find = query_scalar(statement).bind(generation.0).bind(account.to_string()).bind(at);
        let found: Option<String> = find.fetch_optional(&self.readers).await.map_err(failed)?;
        found.map(|text| parse(&text)).transpose()
    }

    async fn list_changes(
        &self,
        generation: Generation,
        account: AccountId,
        after: Version,
        until: Version,
        limit: usize,
    ) -> Result<Vec<Moment>, ViewError> {
        let list = query_scalar(include_str!("sqlite/list_changes.sql"))
            .bind(generation.0)
            .bind(account.to_string())
            .bind(after.0)
            .bind(until.0)
            .bind(rows::limit(limit));
        parse_all(&list.fetch_all(&self.readers).await.map_err(failed)?)
    }

    async fn everything(&self, generation: Generation) -> Result<Views, ViewError> {
        // One transaction: the write-ahead log gives it one snapshot of all tables.
        let mut snapshot = self.readers.begin().await.map_err(failed)?;
        let mut texts = Vec::new();
        for statement in [
            "SELECT document FROM accounts WHERE generation = ?1",
            "SELECT moment FROM moments WHERE generation = ?1",
            "SELECT document FROM transfers WHERE generation = ?1",
        ] {
            let all = query_scalar(statement).bind(generation.0).fetch_all(&mut *snapshot);
            texts.push(all.await.map_err(failed)?);
        }
        snapshot.commit().await.map_err(failed)?;
        let [accounts, moments, transfers] = &texts[..] else {
            return Ok(Views::default());
        };
        Ok(Views::of(parse_all(accounts)?, parse_all(moments)?, parse_all(transfers)?))
    }

    async fn begin_generation(&self) -> Result<Generation, ViewError> {
        to_the_end(self.clone().begin_now()).await
    }

    async fn announce(&self, generation: Generation) -> Result<bool, ViewError> {
        let statement = "UPDATE generations SET announced = 1 WHERE building = ?1";
        self.change_generations(statement, &[generation.0]).await
    }

    async fn note_missed(&self, generation: Generation) -> Result<bool, ViewError> {
        let statement = "UPDATE generations SET missed = missed + 1 WHERE building = ?1";
        self.change_generations(statement, &[generation.0]).await
    }

    async fn switch(&self, building: Building) -> Result<bool, ViewError> {
        let statement = "UPDATE generations SET active = building, building = NULL, announced = 0, missed = 0 \
                         WHERE building = ?1 AND announced = ?2 AND missed = ?3";
        let binds = [building.generation.0, i64::from(building.announced), building.missed];
        self.change_generations(statement, &binds).await
    }

    async fn drop_generation(&self, generation: Generation) -> Result<(), ViewError> {
        to_the_end(self.clone().drop_now(generation)).await
    }

    fn changes(&self) -> ChangesReceiver {
        self.changes.listen()
    }

    async fn ping(&self) -> Result<(), ViewError> {
        let answer = query("SELECT 1").execute(&self.readers).await;
        answer.map(drop).map_err(|failure| ViewError::Unavailable(failure.to_string()))
    }

    async fn close(&self) {
        self.readers.close().await;
        if let Some(writer) = &self.writer {
            writer.close().await;
        }
    }
}

/// The rows that documents are made of; within the same transaction, so their order does not matter here.
async fn write_rows(
    transaction: &mut Transaction<'_, Sqlite>,
    generation: Generation,
    batch: &WriteBatch,
) -> Result<(), ViewError> {
    for (statement, rows) in [
        (include_str!("sqlite/write_moments.sql"), rows::moments(&batch.moments)?),
        (include_str!("sqlite/write_transfers.sql"), rows::transfers(&batch.transfers)?),
        (include_str!("sqlite/write_parties.sql"), rows::parties(&batch.transfers)),
    ] {
        if !rows.is_empty() {
            let write = query(statement).bind(generation.0).bind(Json(rows));
            write.execute(&mut **transaction).await.map_err(failed)?;
        }
    }
    Ok(())
}

/// Runs a write to its end even if the caller goes away: a future dropped in the middle of a transaction would
/// leave it open on the pool's connection.
async fn to_the_end<T: Send + 'static>(
    write: impl Future<Output = Result<T, ViewError>> + Send + 'static,
) -> Result<T, ViewError> {
    tokio::spawn(write)
        .await
        .map_err(|failure| ViewError::Unavailable(format!("a write ended early: {failure}")))?
}

/// Connections to a local file do not break, so they are kept and not tested.
fn pool(size: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(size)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

async fn create_folder_of(path: &Path) -> Result<(), ViewError> {
    let Some(folder) = path.parent() else {
        return Ok(());
    };
    tokio::fs::create_dir_all(folder)
        .await
        .map_err(|failure| ViewError::Config(format!("{}: {failure}", folder.display())))
}
