//! A PostgreSQL database, which several processes may open at once.

use sqlx::any::AnyPoolOptions;
use sqlx::{AnyPool, AssertSqlSafe};

use crate::address::with_ssl_mode;
use crate::schema::{Schema, migrator};
use crate::{OpenError, Table};

pub(crate) async fn connect(url: &str, schema: &Schema, connections: u32) -> Result<AnyPool, OpenError> {
    if !cfg!(feature = "postgres") {
        return Err(OpenError::NotCompiledIn("PostgreSQL", "distributed"));
    }
    let url = with_ssl_mode(url)?;
    make_tables(&url, schema).await?;
    Ok(AnyPoolOptions::new().max_connections(connections).connect(&url).await?)
}

/// On a connection of its own: it may hold an advisory lock, so that two processes can start at once, and a failure must
/// not leave that lock in the pool.
async fn make_tables(url: &str, schema: &Schema) -> Result<(), OpenError> {
    let alone = AnyPoolOptions::new().max_connections(1).connect(url).await?;
    let made = match schema {
        // Several statements in one message are one transaction, so a lock that it takes holds until the tables are there.
        Schema::Repeated { postgres, .. } => {
            sqlx::raw_sql(*postgres).execute(&alone).await.map(drop).map_err(OpenError::from)
        }
        Schema::Migrations(migrations) => {
            migrator(migrations, |migration| migration.postgres).run(&alone).await.map_err(OpenError::from)
        }
    };
    alone.close().await;
    made
}

/// PostgreSQL keeps a deleted row until it is vacuumed away.
pub(crate) async fn vacuum(pool: &AnyPool, Table(table): Table) -> Result<bool, sqlx::Error> {
    sqlx::query(AssertSqlSafe(format!("VACUUM {table}"))).execute(pool).await?;
    Ok(true)
}
