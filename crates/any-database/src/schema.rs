//! The tables of a database, on each of the two.

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration as Step, MigrationType, Migrator};

/// How a database comes to its tables.
#[derive(Debug, Clone, Copy)]
pub enum Schema {
    /// Statements that make what is missing and leave what is there, carried out at each opening.
    Repeated {
        /// For SQLite.
        sqlite: &'static str,
        /// For PostgreSQL, where they are one transaction.
        postgres: &'static str,
    },
    /// Changes in order, each carried out once and never edited afterwards.
    Migrations(&'static [Migration]),
}

/// One change of the tables.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// What it is about.
    pub name: &'static str,
    /// Its statements for SQLite.
    pub sqlite: &'static str,
    /// Its statements for PostgreSQL.
    pub postgres: &'static str,
}

/// The changes for one of the databases.
pub(crate) fn migrator(migrations: &'static [Migration], of: fn(&Migration) -> &'static str) -> Migrator {
    let steps = migrations.iter().zip(1..).map(|(migration, number)| {
        let sql = of(migration).into_sql_str();
        Step::new(number, migration.name.into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(steps.collect())
}
