//! How a domain event becomes JSON and comes back, whichever version of the code wrote it.
//!
//! Invariant: whatever was ever written can be read for ever. A missing field takes its default, an unknown
//! field is ignored, and an upcaster lifts each older schema version to the next.

mod payload;

use std::any::type_name;
use std::borrow::Cow;
use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

pub use payload::Payload;

/// An enum of facts, serialized by serde with `#[serde(tag = "type", content = "data")]`.
pub trait DomainEvent:
    Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// Every event type of the enum with the schema version that is written today.
    const TYPES: &'static [EventType];

    /// Steps from each older schema version to the next one.
    const UPCASTERS: &'static [Upcaster] = &[];
}

/// The name of an event type and the schema version that is written today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventType {
    /// The name, as in the serialized `type`, for example `AccountOpened`.
    pub name: &'static str,
    /// Starts at 1; raised together with an [`Upcaster`] from the version before.
    pub schema_version: u32,
}

/// Lifts the payload of one event type from one schema version to the next.
#[derive(Debug, Clone, Copy)]
pub struct Upcaster {
    /// The event type that it applies to.
    pub event_type: &'static str,
    /// The schema version that it reads; it gives the payload of `from_version + 1`.
    pub from_version: u32,
    /// The change itself.
    pub lift: fn(Value) -> Value,
}

/// An event as it is stored and published.
#[derive(Debug, Clone, PartialEq)]
pub struct EncodedEvent {
    /// The event type's name.
    pub event_type: String,
    /// The schema version of `payload`.
    pub schema_version: u32,
    /// The event's fields.
    pub payload: Payload,
}

/// Why an event could not be written or read.
#[derive(Debug, Error)]
pub enum CodecError {
    /// The enum has no such event type: the reader is older than the writer.
    #[error("unknown event type `{0}`")]
    UnknownType(String),
    /// The payload's schema version is newer than this code.
    #[error("event type `{event_type}` has schema version {found}, this code reads up to {known}")]
    NewerSchema {
        /// The event type.
        event_type: String,
        /// The version in the payload.
        found: u32,
        /// The newest version known here.
        known: u32,
    },
    /// The payload does not have the event's shape.
    #[error("event type `{event_type}`: {source}")]
    Payload {
        /// The event type.
        event_type: String,
        /// What serde found.
        source: serde_json::Error,
    },
}

impl CodecError {
    /// Whether newer code wrote it: the event's type, or its schema version, is unknown here. Anything else that cannot
    /// be read was written in a shape that this code once knew.
    #[must_use]
    pub fn is_of_newer_code(&self) -> bool {
        match self {
            Self::UnknownType(_) | Self::NewerSchema { .. } => true,
            Self::Payload { .. } => false,
        }
    }
}

/// An event as serde writes it, its fields not looked into.
#[derive(Deserialize)]
struct Tagged<'a> {
    #[serde(rename = "type", borrow)]
    event_type: Cow<'a, str>,
    data: Option<Payload>,
}

/// `event` as JSON.
///
/// # Errors
/// [`CodecError`] when the type is missing from [`DomainEvent::TYPES`] or does not serialize as a tagged enum.
pub fn encode<E: DomainEvent>(event: &E) -> Result<EncodedEvent, CodecError> {
    let failed = |source| CodecError::Payload { event_type: type_name::<E>().to_owned(), source };
    let text = serde_json::to_string(event).map_err(failed)?;
    let Tagged { event_type, data } = serde_json::from_str(&text).map_err(failed)?;
    let known = known_type::<E>(&event_type)?;
    let payload = data.map_or_else(|| Payload::parse("{}"), Ok).map_err(failed)?;
    Ok(EncodedEvent { event_type: event_type.into_owned(), schema_version: known.schema_version, payload })
}

/// The event in `payload`, lifted from `schema_version` to today's.
///
/// # Errors
/// [`CodecError`] for an unknown type, a newer schema version, or a payload of another shape.
pub fn decode<E: DomainEvent>(
    event_type: &str,
    schema_version: u32,
    payload: &Payload,
) -> Result<E, CodecError> {
    let known = known_type::<E>(event_type)?;
    if schema_version > known.schema_version {
        return Err(CodecError::NewerSchema {
            event_type: event_type.to_owned(),
            found: schema_version,
            known: known.schema_version,
        });
    }
    let mut upcasters = (schema_version..known.schema_version)
        .filter_map(|version| upcaster::<E>(event_type, version))
        .peekable();
    let failed = |source| CodecError::Payload { event_type: event_type.to_owned(), source };
    if upcasters.peek().is_none() {
        // From the text at once: a tree of every event would be most of what a long replay costs.
        let tagged = format!(r#"{{"type":"{}","data":{payload}}}"#, known.name);
        return serde_json::from_str(&tagged).map_err(failed);
    }
    let payload = payload.to_value().map_err(failed)?;
    let lifted = upcasters.fold(payload, |payload, upcaster| (upcaster.lift)(payload));
    serde_json::from_value(serde_json::json!({ "type": event_type, "data": lifted })).map_err(failed)
}

fn known_type<E: DomainEvent>(event_type: &str) -> Result<EventType, CodecError> {
    E::TYPES
        .iter()
        .copied()
        .find(|known| known.name == event_type)
        .ok_or_else(|| CodecError::UnknownType(event_type.to_owned()))
}

/// A version without an upcaster differs from the next one only in what serde defaults or ignores.
fn upcaster<E: DomainEvent>(event_type: &str, from_version: u32) -> Option<&'static Upcaster> {
    E::UPCASTERS
        .iter()
        .find(|upcaster| upcaster.event_type == event_type && upcaster.from_version == from_version)
}
