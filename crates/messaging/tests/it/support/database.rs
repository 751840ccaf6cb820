//! A database of PostgreSQL that only one test uses, and that is gone afterwards.

use sqlx::{AssertSqlSafe, Connection, PgConnection, query};

pub(crate) struct Database {
    server: String,
    name: String,
}

impl Database {
    pub(crate) async fn create() -> Self {
        let database =
            Self { server: test_support::postgres_url().await, name: test_support::fresh_database_name() };
        administer(&database.server, format!("CREATE DATABASE {}", database.name)).await;
        database
    }

    pub(crate) fn url(&self) -> String {
        let (base, _) = self.server.rsplit_once('/').expect("a URL with a database");
        format!("{base}/{}", self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // A thread with a runtime of its own: the one that made the database is about to end.
        let dropped = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(administer(&server, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")));
        });
        // The test has its result already; what is left behind shows in the server.
        let _ = dropped.join();
    }
}

/// The name in `statement` is made of hexadecimal digits.
async fn administer(server: &str, statement: String) {
    let mut connection = PgConnection::connect(server).await.expect("PostgreSQL");
    query(AssertSqlSafe(statement)).execute(&mut connection).await.expect("PostgreSQL does it");
    connection.close().await.expect("PostgreSQL lets go");
}
