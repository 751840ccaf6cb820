//! When a delivery that failed is tried again: after pauses that double up to the longest, with jitter, so that what failed
//! together does not come back together. After the last attempt it has failed.

use std::time::Duration;

/// The pauses between attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Schedule {
    /// After the first attempt.
    pub(crate) first: Duration,
    /// The longest.
    pub(crate) longest: Duration,
    /// How many attempts there are.
    pub(crate) attempts: u32,
}

impl Schedule {
    /// The pause after failed attempt number `attempt` (the first is 1), between three quarters of it and the whole;
    /// `None` after the last. `random` is any number: each is as likely as the others.
    pub(crate) fn pause_after(self, attempt: u32, random: u32) -> Option<Duration> {
        (attempt < self.attempts).then(|| self.pause(attempt, random))
    }

    /// The same without an end: how long an endpoint is left alone that failed so often in a row.
    pub(crate) fn pause(self, failures: u32, random: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(30);
        let whole = self.first.saturating_mul(1 << doublings).min(self.longest);
        whole - whole / 4 * (random % 1024) / 1024
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: Schedule =
        Schedule { first: Duration::from_secs(5), longest: Duration::from_secs(12 * 3600), attempts: 19 };

    #[test]
    fn pauses_double_up_to_the_longest_and_end() {
        for (attempt, seconds) in [(1, 5), (2, 10), (5, 80), (14, 40_960), (15, 43_200), (18, 43_200)] {
            assert_eq!(DEFAULT.pause_after(attempt, 0), Some(Duration::from_secs(seconds)), "{attempt}");
        }
        assert_eq!(DEFAULT.pause_after(19, 0), None);
        assert_eq!(DEFAULT.pause_after(u32::MAX, 0), None);
    }

    #[test]
    fn chance_takes_away_at_most_a_quarter() {
        for random in [0, 1, 511, 1023, u32::MAX] {
            let pause = DEFAULT.pause(3, random);
            assert!((Duration::from_secs(15)..=Duration::from_secs(20)).contains(&pause), "{pause:?}");
        }
    }

    /// As `default.toml` says.
    #[test]
    fn the_default_schedule_takes_about_three_days() {
        let whole: Duration = (1..19).filter_map(|attempt| DEFAULT.pause_after(attempt, 0)).sum();
        let hours = whole.as_secs() / 3600;
        assert!((66..=72).contains(&hours), "{hours} hours");
    }
}
