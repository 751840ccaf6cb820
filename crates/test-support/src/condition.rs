//! Waiting for a condition, never for time.

use std::fmt::Debug;
use std::future::Future;
use std::time::{Duration, Instant};

/// How long a condition may take on a busy machine with two cores before the test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until `probe` gives `Ok`, and returns its value.
///
/// # Panics
/// After a minute, with the last thing that the probe said.
#[track_caller]
pub fn eventually<T, E, F, Fut>(probe: F) -> impl Future<Output = T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
    E: Debug,
{
    eventually_within(PATIENCE, probe)
}

/// Waits until `probe` gives `Ok`, at most for `patience`.
///
/// # Panics
/// After `patience`, with the last thing that the probe said and the caller's place.
#[track_caller]
pub fn eventually_within<T, E, F, Fut>(patience: Duration, mut probe: F) -> impl Future<Output = T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
    E: Debug,
{
    let caller = std::panic::Location::caller();
    let started = Instant::now();
    async move {
        loop {
            match probe().await {
                Ok(value) => return value,
                Err(last) if started.elapsed() > patience => {
                    panic!("at {caller}: not within {patience:?}; last seen: {last:?}")
                }
                // A pause between two looks, so that looking does not take the processor from what it waits for.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }
}
