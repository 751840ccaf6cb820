//! Whether a service is ready for requests.

use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use serde::Serialize;

/// How long one check may take before it counts as failed.
const CHECK_TIME: Duration = Duration::from_secs(2);

type Check = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// The checks that `/readyz` runs. Clones share whether the service is draining.
#[derive(Clone, Default)]
pub struct Health {
    checks: Vec<(String, Check)>,
    draining: Arc<AtomicBool>,
}

impl Health {
    /// Ready, until a check says otherwise.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a check; its error says what is missing, and a check that takes over two seconds has failed.
    #[must_use]
    pub fn check<F, Fut, E>(mut self, name: impl Into<String>, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Display,
    {
        let check: Check = Arc::new(move || {
            let checked = check();
            async move { checked.await.map_err(|error| error.to_string()) }.boxed()
        });
        self.checks.push((name.into(), check));
        self
    }

    /// Adds the checks of a part, named `part: check`.
    #[must_use]
    pub fn include(mut self, part: &str, other: Self) -> Self {
        self.checks.extend(other.checks.into_iter().map(|(name, check)| (format!("{part}: {name}"), check)));
        self
    }

    /// Says from now on that the service is not ready, because it is about to stop.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Runs all checks at the same time.
    pub async fn report(&self) -> Report {
        let checks = join_all(self.checks.iter().map(|(name, check)| run(name, check))).await;
        let status = if self.draining.load(Ordering::Relaxed) {
            "draining"
        } else if checks.iter().all(|check| check.ok) {
            "ready"
        } else {
            "not ready"
        };
        Report { status, checks }
    }
}

async fn run(name: &str, check: &Check) -> Checked {
    let started = Instant::now();
    let outcome = match tokio::time::timeout(CHECK_TIME, check()).await {
        Ok(outcome) => outcome,
        Err(_) => Err(format!("no answer within {} seconds", CHECK_TIME.as_secs())),
    };
    let millis = started.elapsed().as_millis();
    Checked { name: name.to_owned(), ok: outcome.is_ok(), problem: outcome.err(), millis }
}

/// What the checks found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// `ready`, `not ready` or `draining`.
    pub status: &'static str,
    /// One entry a check.
    pub checks: Vec<Checked>,
}

impl Report {
    /// Whether requests are welcome.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.status == "ready"
    }
}

/// One check's outcome.
#[derive(Debug, Clone, Serialize)]
pub struct Checked {
    /// Which check.
    pub name: String,
    /// Whether it passed.
    pub ok: bool,
    /// What is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// How long it took.
    pub millis: u128,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn every_check_counts_and_none_may_hang() {
        let ok = Health::new().check("ok", || async { Ok::<_, String>(()) });
        assert!(ok.report().await.is_ready());
        let health = Health::new()
            .include("part", ok)
            .check("wrong", || async { Err("gone") })
            .check("hangs", std::future::pending::<Result<(), String>>);
        let report = health.report().await;
        assert_eq!(report.status, "not ready");
        let seen: Vec<_> =
            report.checks.iter().map(|check| (check.name.as_str(), check.problem.as_deref())).collect();
        let expected =
            [("part: ok", None), ("wrong", Some("gone")), ("hangs", Some("no answer within 2 seconds"))];
        assert_eq!(seen, expected);
    }

    #[tokio::test]
    async fn a_draining_service_is_not_ready() {
        let health = Health::new();
        health.clone().drain();
        assert_eq!(health.report().await.status, "draining");
    }
}
