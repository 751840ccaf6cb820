//! One PostgreSQL server, and a database of its own for every cell of a run.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, anyhow, ensure};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, query_as, query_scalar, raw_sql};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::machine::Fact;

/// What must be true of the server before its figures mean anything, and what makes them comparable.
const SETTINGS: [&str; 8] = [
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "shared_buffers",
    "wal_buffers",
    "max_wal_size",
    "max_connections",
];

/// What our store sets on its connections, so that the others have it too: no statement here gains from a new plan for
/// each of its arguments.
pub(crate) const SESSION: [(&str, &str); 1] = [("plan_cache_mode", "force_generic_plan")];

/// A server on which databases may be created.
pub(crate) struct Server {
    options: PgConnectOptions,
    admin: Mutex<PgConnection>,
    /// Begins the name of every database of this run, and of no other run.
    prefix: String,
    databases: AtomicU32,
}

/// A database that only one cell uses.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    name: String,
    options: PgConnectOptions,
}

/// Gives `work` the server behind `url`. Whatever databases it makes are dropped in the end, also when it fails or
/// is interrupted.
///
/// # Errors
/// Those of `work`; when the server cannot be reached; when the run is interrupted.
pub(crate) async fn with_server<T>(
    url: &str,
    work: impl AsyncFnOnce(&Server) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let server = Server::connect(url).await?;
    let outcome = tokio::select! {
        outcome = work(&server) => outcome,
        _ = tokio::signal::ctrl_c() => Err(anyhow!("interrupted")),
    };
    let dropped = server.drop_all().await;
    let outcome = outcome?;
    dropped.map(|()| outcome)
}

impl Server {
    async fn connect(url: &str) -> anyhow::Result<Self> {
        // The URL holds a password, so that no error may quote it.
        let options: PgConnectOptions = url.parse().context("the URL of --postgres is wrong")?;
        // A certificate is nobody's subject here: the server is on this machine, and the same for everyone.
        let options = options.ssl_mode(PgSslMode::Disable).options(SESSION).disable_statement_logging();
        let admin = options.connect().await.context("PostgreSQL (--postgres) cannot be reached")?;
        let prefix = format!("benchmark_{}_", Uuid::now_v7().simple());
        Ok(Self { options, admin: Mutex::new(admin), prefix, databases: AtomicU32::new(0) })
    }

    /// # Errors
    /// When the server has no room for so many connections at once.
    pub(crate) async fn require_connections(&self, needed: usize) -> anyhow::Result<()> {
        let room = "SELECT current_setting('max_connections')::bigint,
                           count(*) FILTER (WHERE backend_type = 'client backend')
                    FROM pg_stat_activity";
        let (max, used): (i64, i64) = query_as(room).fetch_one(&mut *self.admin.lock().await).await?;
        let free = usize::try_from(max - used).unwrap_or(0);
        ensure!(
            free >= needed,
            "this run needs {needed} connections to PostgreSQL at once, and its setting max_connections = {max}, of \
             which {used} are in use, leaves {free}: raise max_connections or ask for fewer --loads"
        );
        Ok(())
    }

    /// Version and settings.
    pub(crate) async fn facts(&self) -> anyhow::Result<Vec<Fact>> {
        let mut facts = Vec::new();
        for name in SETTINGS {
            let setting = query_scalar("SELECT current_setting($1)").bind(name);
            let value: String = setting.fetch_one(&mut *self.admin.lock().await).await?;
            facts.push(Fact::new(&format!("PostgreSQL {name}"), value));
        }
        Ok(facts)
    }

    /// A new, empty database. What others wrote before is flushed first, so that nobody pays for his predecessor.
    pub(crate) async fn create(&self) -> anyhow::Result<Database> {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}{number}", self.prefix);
        self.administer(format!("CREATE DATABASE {name}")).await?;
        self.administer("CHECKPOINT".to_owned()).await?;
        let options = self.options.clone().database(&name);
        Ok(Database { name, options })
    }

    pub(crate) async fn drop(&self, database: &Database) -> anyhow::Result<()> {
        self.administer(format!("DROP DATABASE {} WITH (FORCE)", database.name)).await
    }

    async fn drop_all(&self) -> anyhow::Result<()> {
        // A connection of its own: an interrupted run leaves the other one in the middle of something.
        let mut admin = self.options.connect().await?;
        let ours = query_scalar("SELECT datname FROM pg_database WHERE starts_with(datname, $1)");
        let names: Vec<String> = ours.bind(&self.prefix).fetch_all(&mut admin).await?;
        for name in names {
            let drop = AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
            raw_sql(drop).execute(&mut admin).await?;
        }
        Ok(admin.close().await?)
    }

    async fn administer(&self, statement: String) -> anyhow::Result<()> {
        raw_sql(AssertSqlSafe(statement)).execute(&mut *self.admin.lock().await).await?;
        Ok(())
    }
}

impl Database {
    /// Where it is, with the password.
    pub(crate) fn url(&self) -> String {
        self.options.to_url_lossy().into()
    }

    pub(crate) async fn connect(&self) -> anyhow::Result<PgConnection> {
        Ok(self.options.connect().await?)
    }

    pub(crate) async fn execute(&self, statements: &'static str) -> anyhow::Result<()> {
        let mut connection = self.connect().await?;
        raw_sql(statements).execute(&mut connection).await?;
        Ok(connection.close().await?)
    }

    /// How many rows `table` has.
    pub(crate) async fn count(&self, table: &str) -> anyhow::Result<u64> {
        let mut connection = self.connect().await?;
        let count = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let rows: i64 = query_scalar(count).fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(u64::try_from(rows)?)
    }
}
