//! Waiting for a view to catch up: woken by this process's own writes, and looking again now and then for those
//! of an updater that is another process.

use std::time::Duration;

use domain::ids::AccountId;
use domain::text::Actor;
use event_store::Version;
use tokio::time::{Instant, timeout};

use super::Application;
use crate::error::QueryError;
use crate::view::AccountDocument;

/// How long to wait for a write of this process before looking for one of another.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

impl Application {
    /// The account's document once it has `min_version`, unless the account is not the reader's.
    pub(super) async fn wait_for_version(
        &self,
        reader: &Actor,
        id: AccountId,
        min_version: Version,
        patience: Duration,
    ) -> Result<Option<AccountDocument>, QueryError> {
        let give_up = Instant::now() + patience;
        // Before the first look, so that a write between the look and the wait is not missed.
        let mut changes = self.reader.changes();
        loop {
            let document = self.reader.account(id).await?;
            let opened = document.as_ref().and_then(|document| document.account.opened());
            if opened.is_some_and(|account| !reader.may_act_for(&account.owner)) {
                // Before its version is told.
                return Err(QueryError::AccountNotFound);
            }
            let version = document.as_ref().map_or(Version::NONE, |document| document.version);
            if version >= min_version {
                return Ok(document);
            }
            let left = give_up.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(QueryError::OutOfDate { version });
            }
            // Whether it was woken or not, it looks again.
            let _ = timeout(left.min(LOOK_AGAIN), changes.changed(id)).await;
        }
    }
}
