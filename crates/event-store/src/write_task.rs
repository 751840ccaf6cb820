//! Writes that no caller can leave half done.
//!
//! A future may be dropped at any await: a client hangs up, a timeout fires. In the middle of a write that
//! would lose the notice of a commit, skip the second half of a command, and poison the pool's connection
//! (sqlx up to 0.9.0, when `Pool::begin` is dropped). So a write runs in a task of its own, which ends only
//! when it is done.

use crate::error::StoreError;
use tracing::Instrument;

/// Runs `write` to its end even if the returned future is dropped.
pub(crate) async fn to_the_end<T, E>(
    write: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    match tokio::spawn(write.in_current_span()).await {
        Ok(result) => result,
        Err(failure) if failure.is_cancelled() => {
            Err(StoreError::Unavailable("the process is shutting down".to_owned()).into())
        }
        Err(failure) => Err(StoreError::Database(format!("a write panicked: {failure}")).into()),
    }
}
