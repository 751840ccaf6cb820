//! An audit log of a test's own, which the test may damage.

use audit::AuditLog;
use sqlx::AnyPool;
use tempfile::TempDir;

pub(crate) enum Place {
    File(TempDir),
    #[cfg(feature = "postgres")]
    Server(String),
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        Self::File(tempfile::tempdir().expect("a folder"))
    }

    #[cfg(feature = "postgres")]
    pub(crate) async fn postgres() -> Self {
        let name = test_support::fresh_database_name();
        run_on_server(&format!("CREATE DATABASE {name}")).await;
        Self::Server(name)
    }

    async fn url(&self) -> String {
        match self {
            Self::File(folder) => format!("sqlite://{}", folder.path().join("audit.sqlite").display()),
            #[cfg(feature = "postgres")]
            Self::Server(name) => {
                let server = test_support::postgres_url().await;
                let (server, _) = server.rsplit_once('/').expect("the address names a database");
                format!("{server}/{name}")
            }
        }
    }

    pub(crate) async fn log(&self) -> AuditLog {
        AuditLog::open(&self.url().await).await.expect("it opens")
    }

    /// Does to the tables what the log itself never does.
    pub(crate) async fn damage(&self, sql: &'static str) {
        let pool = AnyPool::connect(&self.url().await).await.expect("a connection");
        sqlx::raw_sql(self.without_guards()).execute(&pool).await.expect("the guards go");
        sqlx::raw_sql(sql).execute(&pool).await.expect("the damage is done");
        pool.close().await;
    }

    /// The damage that the guards refuse.
    pub(crate) async fn refused(&self, sql: &'static str) -> String {
        let pool = AnyPool::connect(&self.url().await).await.expect("a connection");
        let error = sqlx::raw_sql(sql).execute(&pool).await.expect_err("it is refused");
        pool.close().await;
        error.to_string()
    }

    fn without_guards(&self) -> &'static str {
        match self {
            Self::File(_) => "DROP TRIGGER audit_entries_stay; DROP TRIGGER audit_entries_are_final",
            #[cfg(feature = "postgres")]
            Self::Server(_) => "DROP TRIGGER audit_entries_are_final ON audit_entries",
        }
    }

    pub(crate) async fn end(self) {
        #[cfg(feature = "postgres")]
        if let Self::Server(name) = self {
            run_on_server(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

#[cfg(feature = "postgres")]
async fn run_on_server(sql: &str) {
    sqlx::any::install_default_drivers();
    let url = format!("{}?sslmode=disable", test_support::postgres_url().await);
    let pool = AnyPool::connect(&url).await.expect("the server answers");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&pool).await.expect("it is done");
    pool.close().await;
}
