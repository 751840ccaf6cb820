//! A clock that a test can move.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use event_store::{Clock, SystemClock};

/// The machine's time and whatever a test has added to it.
#[derive(Default)]
pub(crate) struct MovableClock {
    ahead_micros: AtomicI64,
}

impl MovableClock {
    pub(crate) fn advance(&self, by: TimeDelta) {
        self.ahead_micros.fetch_add(by.num_microseconds().expect("a short while"), Ordering::SeqCst);
    }

    /// So far ahead of the machine's time, whatever was added before.
    pub(crate) fn put_ahead(&self, by: TimeDelta) {
        self.ahead_micros.store(by.num_microseconds().expect("less than an age"), Ordering::SeqCst);
    }
}

impl Clock for MovableClock {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() + TimeDelta::microseconds(self.ahead_micros.load(Ordering::SeqCst))
    }
}
