//! The talk's `subscribe(subscription_id, …)`: a durable reader that hands events to a handler.
//!
//! ```text
//! Source ──▶ session (polls, pauses, stores offsets) ──▶ one worker a partition ──▶ handler
//!                 ▲                                            │
//!                 └───────────── done up to offset ◀───────────┘──▶ dead letters
//! ```
//!
//! Invariants: events of one key are handled in order and one call at a time; an offset is stored only when every
//! message of the partition up to it was handled or durably parked; memory is bounded, because a partition with
//! too many messages in hand is paused.
//!
//! A worker takes everything that waits as one batch, without a timer: the next batch grows while the last one is
//! handled. A key that must be retried leaves the batch and is retried by itself, so that neither a slow nor a
//! poisonous key holds up the others of its partition (only once such a key alone fills the partition's share of
//! memory is the partition paused).

mod batch;
mod context;
mod handle;
mod letters;
mod observer;
mod recovery;
mod session;
mod settings;
mod supervisor;
mod tracker;
mod worker;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::bus::Bus;
use crate::dead_letter::DeadLetters;
use crate::handler::{BatchHandler, StreamSource};

pub use handle::{SubscriptionHandle, SubscriptionStatus};
pub use settings::SubscriptionSettings;

/// What to read and who handles it.
#[derive(Clone)]
pub struct Subscription {
    /// The consumer group: a new id starts from the beginning of the topics.
    pub id: String,
    /// For example `bank.account`.
    pub topics: Vec<String>,
    /// Called with everything that waits in one partition.
    pub handler: Arc<dyn BatchHandler>,
    /// Where events that cannot be handled, and those behind them, wait.
    pub dead_letters: Arc<dyn DeadLetters>,
    /// Where missing events come from, for views.
    pub owner: Option<Arc<dyn StreamSource>>,
}

/// Starts a subscription with the usual settings; see [`subscribe_with`].
pub async fn subscribe(
    bus: Arc<dyn Bus>,
    subscription: Subscription,
    shutdown: CancellationToken,
) -> SubscriptionHandle {
    subscribe_with(bus, subscription, SubscriptionSettings::default(), shutdown).await
}

/// Starts a subscription in a task of its own and returns at once. It makes topics that are missing, joins its
/// group, again and again while the bus is down, and runs until `shutdown`: then it finishes the calls under
/// way, stores their offsets and leaves the group.
pub async fn subscribe_with(
    bus: Arc<dyn Bus>,
    subscription: Subscription,
    settings: SubscriptionSettings,
    shutdown: CancellationToken,
) -> SubscriptionHandle {
    handle::start(bus, subscription, settings, shutdown)
}
