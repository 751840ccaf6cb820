//! Counts events where they leave a stage, and says how late they are there.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use tokio::sync::watch;

use crate::report::statistics::percentile;

/// How late events were, in milliseconds from when they were recorded.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Lag {
    /// Half of them were earlier.
    pub p50_ms: f64,
    /// See `p50_ms`.
    pub p99_ms: f64,
    /// None was later.
    pub most_ms: f64,
}

/// The end of a stage.
pub(super) struct Gauge {
    passed: watch::Sender<u64>,
    /// When the first events came to the stage.
    begun: Mutex<Option<Instant>>,
    /// Of each event, in microseconds.
    lags: Mutex<Vec<u32>>,
}

impl Gauge {
    pub(super) fn new() -> Self {
        Self { passed: watch::Sender::new(0), begun: Mutex::default(), lags: Mutex::default() }
    }

    /// Events come to the stage.
    pub(super) fn begin(&self) {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(Instant::now);
    }

    /// Events that were recorded at these times have left the stage.
    pub(super) fn pass(&self, recorded: impl IntoIterator<Item = DateTime<Utc>>) {
        let now = Utc::now();
        let mut lags = self.lags.lock().unwrap_or_else(PoisonError::into_inner);
        lags.extend(recorded.into_iter().map(|at| micros(now - at)));
        let passed = lags.len() as u64;
        drop(lags);
        self.passed.send_replace(passed);
    }

    /// How many have left it.
    pub(super) fn passed(&self) -> u64 {
        *self.passed.borrow()
    }

    /// When the first events came to it, if any did.
    pub(super) fn begun(&self) -> Option<Instant> {
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until so many events have left it.
    pub(super) async fn reaches(&self, events: u64) {
        // It fails only when the sender is gone, which is here.
        let _ = self.passed.subscribe().wait_for(|passed| *passed >= events).await;
    }

    pub(super) fn lag(&self) -> Lag {
        let mut lags = self.lags.lock().unwrap_or_else(PoisonError::into_inner).clone();
        lags.sort_unstable();
        let at = |percent| f64::from(percentile(&lags, percent)) / 1000.0;
        Lag { p50_ms: at(50), p99_ms: at(99), most_ms: at(100) }
    }
}

/// 0 for what another clock of the machine has recorded a little later than now.
fn micros(lag: TimeDelta) -> u32 {
    let micros = lag.num_microseconds().unwrap_or(i64::MAX).max(0);
    u32::try_from(micros).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_counts_with_its_own_lag() {
        let gauge = Gauge::new();
        let now = Utc::now();
        gauge.pass((0..100).map(|seconds| now - TimeDelta::seconds(seconds)));
        assert_eq!(gauge.passed(), 100);
        let lag = gauge.lag();
        assert!((49_000.0..50_000.0).contains(&lag.p50_ms), "{lag:?}");
        assert!((98_000.0..99_000.0).contains(&lag.p99_ms), "{lag:?}");
        assert!((99_000.0..100_000.0).contains(&lag.most_ms), "{lag:?}");
    }

    #[test]
    fn nothing_is_early() {
        assert_eq!(micros(TimeDelta::microseconds(-3)), 0);
        assert_eq!(micros(TimeDelta::microseconds(1500)), 1500);
        assert_eq!(micros(TimeDelta::days(300_000_000)), u32::MAX);
    }
}
