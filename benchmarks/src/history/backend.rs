//! The two stores, and what only SQL can do to them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::account::Account;
use event_store::{EventStore, Repository, SystemClock};
use sqlx::{Connection, raw_sql};

use crate::contender::{SNAPSHOT_EVERY, sqlite_by_hand};
use crate::files;
use crate::machine::Fact;
use crate::postgres::{Database, Server};

const FORGET_SNAPSHOTS: &str = "DELETE FROM snapshots";

/// A store, and where it is.
pub(super) struct Backend {
    store: Arc<dyn EventStore>,
    place: Place,
}

enum Place {
    Postgres(Box<Database>),
    Sqlite(PathBuf),
}

impl Backend {
    pub(super) async fn postgres(server: &Server) -> anyhow::Result<Self> {
        let database = server.create().await?;
        Ok(Self {
            store: event_store::open(&database.url()).await?,
            place: Place::Postgres(Box::new(database)),
        })
    }

    pub(super) async fn sqlite(dir: &Path) -> anyhow::Result<Self> {
        let file = dir.join("accounts.sqlite");
        Ok(Self {
            store: event_store::open(&format!("sqlite://{}", file.display())).await?,
            place: Place::Sqlite(file),
        })
    }

    pub(super) fn store(&self) -> Arc<dyn EventStore> {
        Arc::clone(&self.store)
    }

    /// Loads accounts as the services do.
    pub(super) fn repository(&self) -> Repository<Account> {
        Repository::new(self.store(), Arc::new(SystemClock), SNAPSHOT_EVERY)
    }

    /// Does now what the database would otherwise do in the background of the measurement.
    pub(super) async fn settle(&self) -> anyhow::Result<()> {
        match &self.place {
            Place::Postgres(database) => {
                database.execute("VACUUM ANALYZE").await?;
                database.execute("CHECKPOINT").await
            }
            Place::Sqlite(file) => on_sqlite(file, "PRAGMA wal_checkpoint(TRUNCATE)").await,
        }
    }

    pub(super) async fn forget_snapshots(&self) -> anyhow::Result<()> {
        match &self.place {
            Place::Postgres(database) => database.execute(FORGET_SNAPSHOTS).await,
            Place::Sqlite(file) => on_sqlite(file, FORGET_SNAPSHOTS).await,
        }
    }

    /// What there is to know about a store in a file.
    pub(super) async fn facts(&self) -> anyhow::Result<Vec<Fact>> {
        let Place::Sqlite(file) = &self.place else {
            return Ok(Vec::new());
        };
        let mut facts = sqlite_by_hand::facts(file).await?;
        facts.push(files::fact(file));
        Ok(facts)
    }
}

async fn on_sqlite(file: &Path, statement: &'static str) -> anyhow::Result<()> {
    let mut connection = sqlite_by_hand::connect(file).await?;
    raw_sql(statement).execute(&mut connection).await?;
    Ok(connection.close().await?)
}
