//! How events travel between services: the published language, the bus, the outbox relay and consumers.
//!
//! Everything here is at least once. A message is published only when the broker has confirmed it, an offset is
//! stored only after the effect is durable, and consumers recognise what they have seen: command handlers by
//! command id, views by version.

mod backoff;
mod hops;

pub mod bus;
pub mod dead_letter;
pub mod envelope;
pub mod handler;
pub mod message;
pub mod namespace;
pub mod relay;
pub mod subscription;

#[cfg(feature = "embedded")]
pub mod embedded;
#[cfg(feature = "kafka")]
pub mod kafka;

pub use event_store::fault;

pub use bus::{Bus, BusError, Source, SourceEvent};
pub use dead_letter::{DeadLetter, DeadLetterError, DeadLetters, ParkedKey, RedriveReport, redrive};
pub use envelope::{EnvelopeError, to_event, to_message, topic_of};
pub use handler::{BatchHandler, Handler, Outcome, PerEvent, StreamSource};
pub use hops::{Consuming, note_outcome};
pub use message::{Delivery, Message, Position};
pub use relay::OutboxRelay;
pub use subscription::{
    Subscription, SubscriptionHandle, SubscriptionSettings, SubscriptionStatus, subscribe, subscribe_with,
};
