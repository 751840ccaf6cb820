//! Tasks that are started again when they fail.

use std::fmt::Display;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use tokio::time::Instant;

use super::{Tasks, panic_text};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

impl Tasks {
    /// Runs a task and starts it again whenever it fails, panics or ends before [`Tasks::shutdown`], after a pause
    /// that doubles from 100 ms to 30 s. While it pauses, [`Tasks::check`] fails.
    pub fn spawn_restarting<F, Fut, E>(&self, name: impl Into<String>, make: F)
    where
        F: Fn() -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Display + Send,
    {
        let (name, tasks, shutdown) = (name.into(), self.clone(), self.shutdown());
        self.spawn(name.clone(), async move {
            let mut pause = FIRST_PAUSE;
            while !shutdown.is_cancelled() {
                let started = Instant::now();
                let reason = match AssertUnwindSafe(make()).catch_unwind().await {
                    _ if shutdown.is_cancelled() => return,
                    Ok(Ok(())) => "ended early".to_owned(),
                    Ok(Err(error)) => error.to_string(),
                    Err(panic) => panic_text(panic.as_ref()),
                };
                tasks.fail(&name, &reason);
                // It ran well for a while: this is a new failure, not the old one again.
                if started.elapsed() > LONGEST_PAUSE {
                    pause = FIRST_PAUSE;
                }
                if shutdown.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                    return;
                }
                tasks.recover(&name);
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        });
    }
}
