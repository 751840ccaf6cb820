//! What the tests share.

mod backend;
mod events;
mod handler;
mod running;
mod spy;
mod store;

pub(crate) use backend::Backend;
pub(crate) use events::{event, ids, quick_settings};
pub(crate) use handler::{Recorder, until};
pub(crate) use running::Running;
pub(crate) use spy::SpyBus;
pub(crate) use store::{FakeStore, OwnerOf};

/// Defines each test once and runs it on every bus.
macro_rules! on_every_bus {
    ($($test:ident),+ $(,)?) => {
        mod on_the_embedded_log {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    super::$test($crate::support::Backend::embedded().await).await;
                }
            )+
        }

        #[cfg(all(feature = "kafka", feature = "postgres"))]
        mod on_kafka {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    super::$test($crate::support::Backend::kafka().await).await;
                }
            )+
        }
    };
}
pub(crate) use on_every_bus;

/// Dead letters in a database of their own, made by connecting to the server's default one.
#[cfg(feature = "postgres")]
pub(crate) async fn postgres_letters() -> messaging::dead_letter::PostgresDeadLetters {
    let server = test_support::postgres_url().await;
    let name = test_support::fresh_database_name();
    let pool =
        sqlx::postgres::PgPoolOptions::new().max_connections(1).connect(&server).await.expect("PostgreSQL");
    // The name is made of hexadecimal digits.
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::query(create).execute(&pool).await.expect("a database");
    pool.close().await;
    let (base, _) = server.rsplit_once('/').expect("a URL with a database");
    messaging::dead_letter::PostgresDeadLetters::connect(&format!("{base}/{name}")).await.expect("letters")
}
