//! Waiting for a transfer to end, woken by the commits of the store.

use std::time::Duration;

use domain::Aggregate;
use event_store::{CommitNotice, CommitNotices, Repository, StoreError, Versioned};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use super::Application;

impl Application {
    /// The aggregate as soon as it `has_ended`, or as it is after `patience`.
    pub(crate) async fn wait_until<A: Aggregate>(
        &self,
        repository: &Repository<A>,
        id: Uuid,
        patience: Duration,
        has_ended: impl Fn(&A) -> bool,
    ) -> Result<Versioned<A>, StoreError> {
        let give_up = Instant::now() + patience;
        // Before the first look, so that a commit between the look and the wait is not missed.
        let mut notices = self.store.notices();
        loop {
            let found = repository.find(id).await?;
            if has_ended(&found.state) || timeout_at(give_up, next_on(&mut notices, id)).await.is_err() {
                return Ok(found);
            }
        }
    }
}

/// Returns when the stream of `id` may have changed.
async fn next_on(notices: &mut CommitNotices, id: Uuid) {
    loop {
        match notices.recv().await {
            Ok(CommitNotice::Here(stream)) if stream.aggregate_id != id => {}
            Ok(_) | Err(RecvError::Lagged(_)) => return,
            // The store is closing; the caller's patience ends the wait.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
