//! What every aggregate of the bank is: two pure functions over its own events.
//!
//! Invariant: nothing here reads a clock, draws a random number or does I/O. Time, ids and looked-up facts
//! arrive inside the command, so that the same past and the same command always give the same events.

use std::error::Error;
use std::fmt::Debug;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::event::DomainEvent;

/// A unit of consistency: state that only its own events change.
///
/// `decide` and `evolve` are the whole behaviour (the decider pattern, Jérémie Chassaing, 2021).
pub trait Aggregate:
    Default + Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// The aggregate type, as it stands in stream ids and topic names, for example `account`.
    const TYPE: &'static str;

    /// Raised whenever the state's serialized shape changes, so that older snapshots are replayed instead.
    const STATE_SCHEMA_VERSION: u32;

    /// A request to change, in the imperative.
    type Command: Clone + Debug + Send + Sync + 'static;

    /// A fact, in the past tense.
    type Event: DomainEvent;

    /// Why a command was refused, for the caller in front of us. A refusal that another service waits for is
    /// an event instead.
    type Refusal: Error + Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// The events that `command` causes in this state; an empty list when it changes nothing.
    ///
    /// # Errors
    /// The refusal, when the rules forbid the command in this state.
    fn decide(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Refusal>;

    /// This state after `event`. Never fails: what happened has happened.
    #[must_use]
    fn evolve(self, event: &Self::Event) -> Self;

    /// When somebody must look at this aggregate again even if no message arrives; `None` when it can rest.
    /// The event store keeps it in an index in the transaction that appends the events.
    fn deadline(&self) -> Option<DateTime<Utc>> {
        None
    }

    /// Memory that the state holds beside its own size, in bytes, roughly: what bounds a cache of states.
    fn heap_bytes(&self) -> usize;

    /// The state after all of `events`, in their order.
    #[must_use]
    fn fold<'a>(self, events: impl IntoIterator<Item = &'a Self::Event>) -> Self {
        events.into_iter().fold(self, Self::evolve)
    }
}
