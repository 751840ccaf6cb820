//! What the contract suite needs of a backend: stores on one database of its own, and its back door.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;

use async_trait::async_trait;
use event_store::EventStore;
use futures::FutureExt;

#[async_trait]
pub(crate) trait Backend: Send + Sync {
    /// One more store on the same database, as a restarted or another process has.
    async fn open(&self) -> Arc<dyn EventStore>;

    /// Runs a statement past the store.
    async fn tamper(&self, statement: &'static str);

    /// Deletes the database.
    async fn remove(&self);
}

/// Runs `promise` on a database that is deleted afterwards, also when the promise is broken.
pub(crate) async fn run<B: Backend>(backend: B, promise: impl AsyncFnOnce(Arc<B>)) {
    let backend = Arc::new(backend);
    let outcome = AssertUnwindSafe(promise(Arc::clone(&backend))).catch_unwind().await;
    backend.remove().await;
    if let Err(broken) = outcome {
        resume_unwind(broken);
    }
}
