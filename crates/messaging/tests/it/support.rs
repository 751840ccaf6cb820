//! What the tests share.

mod backend;
#[cfg(feature = "postgres")]
mod database;
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

/// Dead letters in a database of their own, which goes with them.
#[cfg(feature = "postgres")]
pub(crate) struct PostgresLetters {
    pub(crate) letters: messaging::dead_letter::PostgresDeadLetters,
    pub(crate) database: database::Database,
}

#[cfg(feature = "postgres")]
pub(crate) async fn postgres_letters() -> PostgresLetters {
    let database = database::Database::create().await;
    let letters =
        messaging::dead_letter::PostgresDeadLetters::connect(&database.url()).await.expect("letters");
    PostgresLetters { letters, database }
}
