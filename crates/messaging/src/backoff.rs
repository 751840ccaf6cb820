//! Growing pauses between tries, with jitter so that many of them do not try in step.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// Doubles from `first` to `longest`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    pub(crate) first: Duration,
    pub(crate) longest: Duration,
}

impl Backoff {
    /// For a bus or a store that does not answer.
    pub(crate) const CONNECTION: Self =
        Self { first: Duration::from_millis(50), longest: Duration::from_secs(5) };

    /// The pause before try number `attempt` (the first retry is 1), between three quarters of it and the whole.
    pub(crate) fn pause(self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(30);
        let whole = self.first.saturating_mul(1 << doublings).min(self.longest);
        let quarter = whole / 4;
        // A fresh hasher is randomly keyed: enough to spread tries, and no dependency.
        let random = u32::try_from(RandomState::new().hash_one(attempt) % 1024).unwrap_or_default();
        whole - quarter * random / 1024
    }
}

/// Whether try number `attempt` is worth a line in the log: the first, the second, the fourth and so on.
pub(crate) fn worth_logging(attempt: u32) -> bool {
    attempt.is_power_of_two()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let backoff = Backoff { first: Duration::from_millis(10), longest: Duration::from_secs(5) };
        for (attempt, whole) in [(1, 10), (2, 20), (5, 160), (10, 5000), (u32::MAX, 5000)] {
            let pause = backoff.pause(attempt);
            let whole = Duration::from_millis(whole);
            assert!(pause <= whole && pause >= whole * 3 / 4, "attempt {attempt}: {pause:?}");
        }
    }
}
