//! Background work that is watched: what ends before its time makes the service not ready.

mod restart;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The background tasks of a service. Clones share them.
#[derive(Clone, Default)]
pub struct Tasks {
    shutdown: CancellationToken,
    abort: CancellationToken,
    tracker: TaskTracker,
    /// What is wrong, by task.
    failures: Arc<Mutex<BTreeMap<String, String>>>,
}

impl Tasks {
    /// No tasks yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancelled when tasks should come to their end.
    #[must_use]
    pub fn shutdown(&self) -> CancellationToken {
        self.shutdown.clone()
    }

    /// Runs a task that lasts until [`Tasks::shutdown`], which it watches itself. If it ends or panics before,
    /// that is logged and [`Tasks::check`] fails from then on.
    pub fn spawn(&self, name: impl Into<String>, task: impl Future<Output = ()> + Send + 'static) {
        let (name, tasks) = (name.into(), self.clone());
        self.tracker.spawn(async move {
            let ended = tokio::select! {
                ended = AssertUnwindSafe(task).catch_unwind() => ended,
                () = tasks.abort.cancelled() => return tracing::warn!(task = name, "cut off"),
            };
            match ended {
                Err(panic) => tasks.fail(&name, &panic_text(panic.as_ref())),
                Ok(()) if !tasks.shutdown.is_cancelled() => tasks.fail(&name, "ended early"),
                Ok(()) => {}
            }
        });
    }

    /// Runs a task that need not come to an end of its own: it is dropped at its next wait after
    /// [`Tasks::shutdown`].
    pub fn spawn_until_shutdown(
        &self,
        name: impl Into<String>,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let shutdown = self.shutdown();
        self.spawn(name, async move {
            shutdown.run_until_cancelled(task).await;
        });
    }

    /// Does `work` at once and again after every `period`, until [`Tasks::shutdown`]. Work that takes longer than that
    /// puts the next off.
    pub fn repeat<F>(
        &self,
        name: impl Into<String>,
        period: Duration,
        work: impl Fn() -> F + Send + Sync + 'static,
    ) where
        F: Future<Output = ()> + Send,
    {
        let mut ticks = interval(period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.spawn_until_shutdown(name, async move {
            loop {
                ticks.tick().await;
                work().await;
            }
        });
    }

    /// For `/readyz`: which tasks have failed.
    ///
    /// # Errors
    /// What is wrong, by task.
    pub fn check(&self) -> Result<(), String> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let texts: Vec<_> = failures.iter().map(|(name, reason)| format!("{name}: {reason}")).collect();
        if texts.is_empty() { Ok(()) } else { Err(texts.join("; ")) }
    }

    /// Tells all tasks to end and waits for them, at most for `timeout`; then they are cut off. Says whether all
    /// ended by themselves.
    pub async fn shutdown_and_join(&self, timeout: Duration) -> bool {
        self.shutdown.cancel();
        self.tracker.close();
        if tokio::time::timeout(timeout, self.tracker.wait()).await.is_ok() {
            return true;
        }
        self.abort.cancel();
        self.tracker.wait().await;
        false
    }

    fn fail(&self, name: &str, reason: &(impl Display + ?Sized)) {
        tracing::error!(task = name, %reason, "a background task failed");
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.insert(name.to_owned(), reason.to_string());
    }

    fn recover(&self, name: &str) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("no message"))
}

#[cfg(test)]
mod tests;
