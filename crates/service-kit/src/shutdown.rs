//! When to stop.

use tokio_util::sync::CancellationToken;

/// The exit status of a process that was told twice to stop: 128 and the number of SIGINT, as shells have it.
const TOLD_TWICE: i32 = 130;

/// A token that is cancelled by SIGINT (Ctrl-C) or SIGTERM. A second signal ends the process at once.
#[must_use]
pub fn signals() -> CancellationToken {
    let token = CancellationToken::new();
    let told = token.clone();
    tokio::spawn(async move {
        next_signal().await;
        tracing::info!("stopping; a second signal stops at once");
        told.cancel();
        next_signal().await;
        std::process::exit(TOLD_TWICE);
    });
    token
}

#[cfg(unix)]
async fn next_signal() {
    use tokio::signal::unix::{SignalKind, signal};

    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        Err(_) => interrupted().await,
    }
}

#[cfg(not(unix))]
async fn next_signal() {
    interrupted().await;
}

async fn interrupted() {
    // Without a handler there is nothing to wait for; the operating system's own answer to a signal stays in force.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
