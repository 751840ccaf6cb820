//! Races, in the order in which they hurt: what one does is split where the other comes between.

/// Runs each scenario, an `async fn(&Stage)`, on a vault in a file and on one in PostgreSQL.
macro_rules! on_each_vault {
    ($($scenario:ident),* $(,)?) => {
        #[cfg(feature = "embedded")]
        mod on_files {
            use crate::application::tests::stage::Stage;

            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $scenario() {
                    super::$scenario(&Stage::on_files().await).await;
                }
            )*
        }

        #[cfg(feature = "distributed")]
        mod on_postgres {
            use crate::application::tests::stage::Stage;

            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $scenario() {
                    let stage = Stage::on_postgres().await;
                    super::$scenario(&stage).await;
                    stage.drop_databases().await;
                }
            )*
        }
    };
}

mod addresses;
mod credentials;
mod registering;
mod stage;
mod sweeping;
