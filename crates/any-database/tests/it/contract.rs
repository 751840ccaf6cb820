//! What opening a database promises on each of the two.

use any_database::{AnyDatabase, Migration, Schema, Table};
use tempfile::TempDir;

const REPEATED: Schema = Schema::Repeated {
    sqlite: "CREATE TABLE IF NOT EXISTS things (name TEXT NOT NULL PRIMARY KEY) STRICT",
    postgres: "SELECT pg_advisory_xact_lock(1); CREATE TABLE IF NOT EXISTS things (name TEXT NOT NULL PRIMARY KEY)",
};

const FIRST: Migration = Migration {
    name: "things",
    sqlite: "CREATE TABLE things (name TEXT NOT NULL PRIMARY KEY) STRICT",
    postgres: "CREATE TABLE things (name TEXT NOT NULL PRIMARY KEY)",
};

const SECOND: Migration = Migration {
    name: "weights",
    sqlite: "ALTER TABLE things ADD COLUMN weight INTEGER NOT NULL DEFAULT 7",
    postgres: "ALTER TABLE things ADD COLUMN weight BIGINT NOT NULL DEFAULT 7",
};

const ONE_STEP: Schema = Schema::Migrations(&[FIRST]);
const TWO_STEPS: Schema = Schema::Migrations(&[FIRST, SECOND]);

macro_rules! on_each_database {
    ($($promise:ident)*) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $promise() {
                let place = super::Place::file();
                super::$promise(&place.url()).await;
            })*
        }

        #[cfg(feature = "postgres")]
        mod postgres {
            $(#[tokio::test]
            async fn $promise() {
                let place = super::Place::server().await;
                super::$promise(&place.url()).await;
                place.end().await;
            })*
        }
    };
}

on_each_database! {
    repeated_statements_leave_what_is_there
    a_migration_is_carried_out_once
    two_processes_may_start_at_once
    what_was_deleted_can_be_overwritten
}

enum Place {
    File(TempDir),
    #[cfg(feature = "postgres")]
    Server {
        server: String,
        name: String,
    },
}

impl Place {
    fn file() -> Self {
        Self::File(tempfile::tempdir().expect("a folder"))
    }

    #[cfg(feature = "postgres")]
    async fn server() -> Self {
        let (admin, name) = (test_support::postgres_url().await, test_support::fresh_database_name());
        let server = admin.rsplit_once('/').expect("the address names a database").0.to_owned();
        let place = Self::Server { server, name };
        place.administer("CREATE DATABASE").await;
        place
    }

    fn url(&self) -> String {
        match self {
            Self::File(folder) => format!("sqlite://{}", folder.path().join("made/things.sqlite").display()),
            #[cfg(feature = "postgres")]
            Self::Server { server, name } => format!("{server}/{name}"),
        }
    }

    #[cfg(feature = "postgres")]
    async fn administer(&self, what: &str) {
        let Self::Server { server, name } = self else { return };
        let nothing = Schema::Repeated { sqlite: "SELECT 1", postgres: "SELECT 1" };
        let admin = AnyDatabase::open(&format!("{server}/postgres"), &nothing, 1).await.expect("it answers");
        let sql = sqlx::AssertSqlSafe(format!("{what} {name}"));
        sqlx::raw_sql(sql).execute(&admin.pool).await.expect("it is done");
        admin.pool.close().await;
    }

    #[cfg(feature = "postgres")]
    async fn end(self) {
        self.administer("DROP DATABASE").await;
    }
}

async fn open(url: &str, schema: &Schema) -> AnyDatabase {
    AnyDatabase::open(url, schema, 2).await.expect("it opens")
}

async fn keep(database: &AnyDatabase, name: &str) {
    let insert = sqlx::query("INSERT INTO things (name) VALUES ($1)").bind(name.to_owned());
    insert.execute(&database.pool).await.expect("it is written");
}

async fn repeated_statements_leave_what_is_there(url: &str) {
    let first = open(url, &REPEATED).await;
    keep(&first, "kept").await;
    first.pool.close().await;

    let again = open(url, &REPEATED).await;

    let names: Vec<(String,)> =
        sqlx::query_as("SELECT name FROM things").fetch_all(&again.pool).await.expect("it answers");
    assert_eq!(names, [("kept".to_owned(),)]);
    again.pool.close().await;
}

async fn a_migration_is_carried_out_once(url: &str) {
    let old = open(url, &ONE_STEP).await;
    keep(&old, "old").await;
    old.pool.close().await;
    for _ in 0..2 {
        let new = open(url, &TWO_STEPS).await;
        let rows: Vec<(String, i64)> =
            sqlx::query_as("SELECT name, weight FROM things").fetch_all(&new.pool).await.expect("it answers");
        assert_eq!(rows, [("old".to_owned(), 7)]);
        new.pool.close().await;
    }
    // An older program does not touch what a newer one has made.
    assert!(AnyDatabase::open(url, &ONE_STEP, 2).await.is_err());
}

async fn two_processes_may_start_at_once(url: &str) {
    let (one, other) = tokio::join!(open(url, &REPEATED), open(url, &REPEATED));
    one.pool.close().await;
    other.pool.close().await;
}

async fn what_was_deleted_can_be_overwritten(url: &str) {
    let database = open(url, &REPEATED).await;
    keep(&database, "a secret that must go").await;
    sqlx::query("DELETE FROM things").execute(&database.pool).await.expect("it is deleted");

    assert!(database.overwrite_deleted(Table("things")).await.expect("it answers"));

    database.pool.close().await;
    let Some(path) = url.strip_prefix("sqlite://") else { return };
    let folder = std::path::Path::new(path).parent().expect("a folder");
    for file in std::fs::read_dir(folder).expect("a folder") {
        let bytes = std::fs::read(file.expect("a file").path()).expect("it is readable");
        assert!(!bytes.windows(8).any(|part| part == b"a secret"));
    }
}
