//! A pool for the crates that stand on sqlx 0.8, with the settings that are best for them: as many connections as
//! they can use, all of them open from the start, and none asked whether it still lives before it is used.

use anyhow::Context;
use futures::future::try_join_all;
use sqlx08::ConnectOptions;
use sqlx08::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use crate::postgres::{Database, SESSION};

pub(super) async fn open(database: &Database, connections: usize) -> anyhow::Result<PgPool> {
    let options: PgConnectOptions = database.url().parse().context("sqlx 0.8 does not understand the URL")?;
    let pool = PgPoolOptions::new()
        .max_connections(u32::try_from(connections)?)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(options.options(SESSION).disable_statement_logging())
        .await?;
    try_join_all((0..connections).map(|_| pool.acquire())).await?;
    Ok(pool)
}
