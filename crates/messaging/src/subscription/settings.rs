//! What can be set of a subscription.

use std::time::Duration;

use crate::backoff::Backoff;

/// How a subscription behaves; the default suits every service.
#[derive(Debug, Clone)]
pub struct SubscriptionSettings {
    /// The pause before the first retry of a key; it doubles with each further one.
    pub retry_first: Duration,
    /// The longest pause between two retries of a key.
    pub retry_longest: Duration,
    /// Events of one call of the handler at most.
    pub batch_limit: usize,
    /// Messages of one partition in memory, more or less, before it is paused.
    pub in_hand_limit: usize,
    /// How long calls under way may take to finish when a partition or the whole subscription is let go.
    pub drain_patience: Duration,
    /// How often requests for a redrive are looked for.
    pub look_interval: Duration,
    /// How often the lag is measured.
    pub lag_interval: Duration,
    /// A source that delivers nothing for this long, although there are messages, is rebuilt.
    pub stall_after: Duration,
}

impl Default for SubscriptionSettings {
    fn default() -> Self {
        Self {
            retry_first: Duration::from_millis(10),
            retry_longest: Duration::from_secs(5),
            batch_limit: 256,
            in_hand_limit: 1000,
            drain_patience: Duration::from_secs(20),
            look_interval: Duration::from_secs(1),
            lag_interval: Duration::from_secs(5),
            stall_after: Duration::from_secs(60),
        }
    }
}

impl SubscriptionSettings {
    pub(super) fn retry(&self) -> Backoff {
        Backoff { first: self.retry_first, longest: self.retry_longest }
    }
}
