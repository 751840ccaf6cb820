//! Who waits for a view to catch up is woken by the write, not by a clock.

use std::sync::Arc;

use domain::ids::AccountId;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

const KEPT: usize = 1024;

/// Tells which accounts were written by this process.
#[derive(Debug, Clone)]
pub struct Changes(broadcast::Sender<Arc<[AccountId]>>);

impl Changes {
    /// A teller that nobody listens to yet.
    #[must_use]
    pub fn new() -> Self {
        Self(broadcast::Sender::new(KEPT))
    }

    /// Tells that these accounts were written.
    pub fn tell(&self, accounts: impl Iterator<Item = AccountId>) {
        if self.0.receiver_count() > 0 {
            // No receiver is no failure: nobody waits then.
            let _ = self.0.send(accounts.collect());
        }
    }

    /// Listens from now on.
    #[must_use]
    pub fn listen(&self) -> ChangesReceiver {
        ChangesReceiver(self.0.subscribe())
    }
}

impl Default for Changes {
    fn default() -> Self {
        Self::new()
    }
}

/// Hears of written accounts.
#[derive(Debug)]
pub struct ChangesReceiver(broadcast::Receiver<Arc<[AccountId]>>);

impl ChangesReceiver {
    /// Returns when `account` may have been written. Cancel-safe.
    pub async fn changed(&mut self, account: AccountId) {
        loop {
            match self.0.recv().await {
                Ok(accounts) if !accounts.contains(&account) => {}
                Ok(_) | Err(RecvError::Lagged(_)) => return,
                // The store is gone; the caller's patience ends the wait.
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}
