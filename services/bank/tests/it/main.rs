//! End-to-end suites. What they know of the bank is its HTTP contract; the same scenarios run on both shapes, and those
//! that need nothing else also on a bank that runs already: `BANK_TEST_URL=… BANK_TEST_OPERATOR_TOKEN=… cargo test -p bank
//! --test it -- --ignored running::`.

#![expect(clippy::expect_used, clippy::panic, reason = "a failed expectation fails the test")]

mod account_terms;
mod audit;
mod bad_input;
mod browser;
mod bulk_saga;
mod bulk_transfers;
mod client;
mod clock;
mod crash;
mod customers;
#[cfg(feature = "distributed")]
mod distributed_saga;
mod documents;
mod forgetting;
#[cfg(feature = "distributed")]
mod forgotten_on_servers;
mod gate;
mod history;
mod leaks;
mod load;
mod mutated;
mod orders;
mod ownership;
mod saga_rules;
mod stage;
mod tool;
#[cfg(feature = "distributed")]
mod traces;
mod transfers;
mod verify;
mod webhooks;

/// Runs each scenario on both shapes, and when it is asked for (`--ignored running::`) on a bank that runs already. Such a
/// scenario reads no store, and signs no tokens but by signing in.
#[macro_export]
macro_rules! on_every_stage {
    ($($scenario:ident),* $(,)?) => {
        $crate::on_both_shapes! { $($scenario),* }

        mod running {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                #[ignore = "needs a bank that runs: BANK_TEST_URL and BANK_TEST_OPERATOR_TOKEN"]
                async fn $scenario() {
                    super::$scenario($crate::stage::Stage::running()).await;
                }
            )*
        }
    };
}

/// Runs each scenario, an `async fn(Stage)`, on the embedded bank and on the distributed one.
#[macro_export]
macro_rules! on_both_shapes {
    ($($scenario:ident),* $(,)?) => {
        mod embedded {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $scenario() {
                    super::$scenario($crate::stage::Stage::embedded().await).await;
                }
            )*
        }

        #[cfg(feature = "distributed")]
        mod distributed {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $scenario() {
                    super::$scenario($crate::stage::Stage::distributed().await).await;
                }
            )*
        }
    };
}
