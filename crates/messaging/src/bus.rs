//! What a broker provides. The embedded log and Kafka pass the same contract suite.

use async_trait::async_trait;
use thiserror::Error;

use crate::message::{Delivery, Message, Position};

/// Why the bus did not do what was asked.
#[derive(Debug, Error)]
pub enum BusError {
    /// The broker does not answer: worth another try.
    #[error("the bus is unavailable: {0}")]
    Unavailable(String),
    /// The broker refused: another try would not help.
    #[error("the bus failed: {0}")]
    Failed(String),
}

/// A durable log of topics with partitions and offsets per group.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Creates the topics that are missing, with the bus's fixed number of partitions.
    ///
    /// # Errors
    /// When the broker cannot be reached or refuses.
    async fn ensure_topics(&self, topics: &[&str]) -> Result<(), BusError>;

    /// Publishes all of `messages` in order and returns once the broker has confirmed every one.
    ///
    /// # Errors
    /// When any is not confirmed: some of them may be published nevertheless.
    async fn publish(&self, messages: Vec<Message>) -> Result<(), BusError>;

    /// Joins the consumer group `group` on `topics`; a new group starts at the beginning of the log.
    ///
    /// # Errors
    /// When the broker cannot be reached.
    async fn consume(&self, group: &str, topics: &[&str]) -> Result<Box<dyn Source>, BusError>;

    /// Every message of `topic` that is there now, ordered by (partition, offset). For verification and restore.
    ///
    /// # Errors
    /// When the broker cannot be reached.
    async fn read_topic(&self, topic: &str) -> Result<Vec<Delivery>, BusError>;

    /// How many messages of `topics` the group has not stored an offset for.
    ///
    /// # Errors
    /// When the broker cannot be reached.
    async fn lag(&self, group: &str, topics: &[&str]) -> Result<u64, BusError>;

    /// Moves a group that has no members back to the start of `topics`.
    ///
    /// # Errors
    /// When the broker cannot be reached or the group is in use.
    async fn rewind(&self, group: &str, topics: &[&str]) -> Result<(), BusError>;

    /// What kind of broker this is, as OpenTelemetry's conventions name it (`messaging.system`).
    fn system(&self) -> &'static str {
        "embedded"
    }

    /// Whether the broker answers now.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] when it does not.
    async fn ping(&self) -> Result<(), BusError>;

    /// Publishes what is under way and lets go of all connections.
    async fn close(&self);
}

/// What a member of a consumer group sees.
#[derive(Debug)]
pub enum SourceEvent {
    /// These partitions are this member's from now on: their messages follow, from the stored offsets.
    Assigned(Vec<(String, i32)>),
    /// Messages, in offset order within each partition.
    Deliveries(Vec<Delivery>),
    /// These partitions are being taken away: finish what is in hand, then call [`Source::release`].
    Revoked(Vec<(String, i32)>),
}

/// One member of a consumer group. Polling is apart from work: `next` keeps the membership alive.
#[async_trait]
pub trait Source: Send {
    /// Waits for the next messages. Cancel-safe.
    ///
    /// # Errors
    /// When the membership is lost for good: the subscription joins anew.
    async fn next(&mut self) -> Result<SourceEvent, BusError>;

    /// Stops (or resumes) delivery from a partition: back-pressure.
    ///
    /// # Errors
    /// When the broker refuses.
    fn set_paused(&mut self, topic: &str, partition: i32, paused: bool) -> Result<(), BusError>;

    /// Stores that everything up to and including these positions has taken effect.
    ///
    /// # Errors
    /// When an offset could not be stored: the messages may come again.
    async fn store_offsets(&mut self, done: &[Position]) -> Result<(), BusError>;

    /// Lets go of partitions after a `Revoked`.
    async fn release(&mut self, partitions: &[(String, i32)]);

    /// Leaves the group after storing what was done.
    async fn close(self: Box<Self>);
}
