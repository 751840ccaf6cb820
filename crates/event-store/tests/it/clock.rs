//! A clock that tests can read.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use event_store::Clock;

/// Starts on 1 March 2026 and goes on by one second each time it is asked.
#[derive(Default)]
pub(crate) struct SteppingClock(AtomicI64);

impl Clock for SteppingClock {
    fn now(&self) -> DateTime<Utc> {
        time(self.0.fetch_add(1, Ordering::SeqCst))
    }
}

/// What the clock tells when it is asked for the `step`th time, counted from 0.
pub(crate) fn time(step: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_323_200, 0).unwrap() + TimeDelta::seconds(step)
}
