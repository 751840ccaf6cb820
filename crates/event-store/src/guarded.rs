//! Runs an aggregate's own code where a panic must not reach others.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::StoreError;

/// What `run` gives; its panic is an error of the one command or stream that it is about. `run` must change nothing that
/// outlives it.
pub(crate) fn guarded<T, E: From<StoreError>>(run: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|_| Err(StoreError::Database("the aggregate's own code panicked".to_owned()).into()))
}
