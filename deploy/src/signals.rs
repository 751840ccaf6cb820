//! How somebody who waits for a command ends it.

use tokio::signal::unix::{SignalKind, signal};

/// Waits for SIGTERM or ctrl-c.
pub(crate) async fn told_to_stop() {
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        Err(_) => std::future::pending().await,
    }
}
