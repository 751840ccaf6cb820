//! The talk's `subscribe(subscription_id, …)`: a durable reader that hands events to a handler.

use std::sync::Arc;

use crate::dead_letter::DeadLetters;
use crate::handler::{BatchHandler, StreamSource};

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
