//! When to stop.

use std::io;

use tokio_util::sync::CancellationToken;

/// The exit status of a process that was told twice to stop: 128 and the number of SIGINT, as shells have it.
const TOLD_TWICE: i32 = 130;

/// With this variable at `1`, the end of the standard input counts as a signal: whoever started the process held
/// the other end and is gone. Tests leave no process behind this way, however they end.
const STOP_WITH_STDIN: &str = "BANK_STOP_WITH_STDIN";

/// A token that is cancelled by SIGINT (Ctrl-C) or SIGTERM. A second signal ends the process at once.
#[must_use]
pub fn signals() -> CancellationToken {
    let token = CancellationToken::new();
    if std::env::var_os(STOP_WITH_STDIN).is_some_and(|value| value == "1") {
        stop_with_stdin(token.clone());
    }
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

/// A thread of its own, because a read of the standard input cannot be given up and would hold up a runtime's end.
fn stop_with_stdin(token: CancellationToken) {
    std::thread::spawn(move || {
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        token.cancel();
    });
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
