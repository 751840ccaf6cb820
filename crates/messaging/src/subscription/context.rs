//! What every part of one subscription knows.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use chrono::Utc;
use metrics::counter;
use tokio::sync::{Notify, watch};

use super::{Subscription, SubscriptionSettings, SubscriptionStatus};
use crate::bus::Bus;
use crate::hops::Consuming;

/// A topic and a partition of it.
pub(super) type Slot = (String, i32);

pub(super) struct Context {
    pub(super) bus: Arc<dyn Bus>,
    pub(super) subscription: Subscription,
    pub(super) consuming: Consuming,
    pub(super) settings: SubscriptionSettings,
    pub(super) status: watch::Sender<SubscriptionStatus>,
    /// Rung to look for requested redrives at once.
    pub(super) look: Notify,
    pub(super) flow: Flow,
}

/// Counts by which a stalled source is recognised.
#[derive(Default)]
pub(super) struct Flow {
    /// Messages that the source delivered so far.
    pub(super) delivered: AtomicU64,
    /// Messages that were delivered and have no stored offset.
    pub(super) outstanding: AtomicU64,
    /// Partitions that are paused because too much is in hand.
    pub(super) paused: AtomicU64,
}

impl Context {
    pub(super) fn id(&self) -> &str {
        &self.subscription.id
    }

    pub(super) fn topics(&self) -> Vec<&str> {
        self.subscription.topics.iter().map(String::as_str).collect()
    }

    pub(super) fn count(&self, outcome: &'static str, events: u64) {
        if events > 0 {
            let id = self.id().to_owned();
            counter!("bank_subscription_handled_total", "subscription" => id, "outcome" => outcome)
                .increment(events);
        }
    }

    pub(super) fn note_progress(&self) {
        self.status.send_modify(|status| status.last_progress = Some(Utc::now()));
    }
}
