//! Waiting for a transfer to end, woken by the commits of the store.

use std::time::Duration;

use domain::transfer::MoneyTransfer;
use event_store::{CommitNotice, CommitNotices, StoreError, Versioned};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use super::Application;

impl Application {
    /// The transfer as soon as it has ended, or as it is after `patience`.
    pub(crate) async fn wait_until_ended(
        &self,
        id: Uuid,
        patience: Duration,
    ) -> Result<Versioned<MoneyTransfer>, StoreError> {
        let give_up = Instant::now() + patience;
        // Before the first look, so that a commit between the look and the wait is not missed.
        let mut notices = self.store.notices();
        loop {
            let transfer = self.find(id).await?;
            if transfer.state.has_ended() || timeout_at(give_up, next_on(&mut notices, id)).await.is_err() {
                return Ok(transfer);
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
