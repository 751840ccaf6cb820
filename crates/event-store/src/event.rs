//! Stored facts and what is known about their origin.

use chrono::{DateTime, Utc};
use domain::event::{EncodedEvent, Payload};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::stream::{StreamId, Version};

/// The row id of a commit in the outbox: rises within a service's store, with gaps; one stream's commits are in
/// the order of their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommitId(pub i64);

/// Where an event comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    /// Shared by everything that one outside request caused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<Uuid>,
    /// The event (or request) that directly caused this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<Uuid>,
    /// On whose behalf.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// W3C trace context of the writer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// W3C trace state of the writer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracestate: Option<String>,
}

/// An event that is about to be appended.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// UUID v7.
    pub event_id: Uuid,
    /// Type, schema version and payload.
    pub body: EncodedEvent,
}

/// An event as the store holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedEvent {
    /// The stream that it belongs to.
    #[serde(flatten)]
    pub stream: StreamId,
    /// Its place in the stream: 1, 2, 3.
    pub version: Version,
    /// UUID v7, unique.
    pub event_id: Uuid,
    /// The event type's name.
    pub event_type: String,
    /// The schema version of `payload`.
    pub schema_version: u32,
    /// The event's fields.
    pub payload: Payload,
    /// Where it comes from.
    pub metadata: Metadata,
    /// The command that caused it.
    pub command_id: Uuid,
    /// When it was appended, in whole microseconds.
    pub recorded_at: DateTime<Utc>,
    /// The commit that appended it.
    pub commit_id: CommitId,
    /// Its place within the commit: 0, 1, 2.
    pub ordinal: u32,
}

impl RecordedEvent {
    /// The domain event inside, lifted to today's schema.
    ///
    /// # Errors
    /// [`domain::event::CodecError`] when the type is unknown or the payload has another shape.
    pub fn decode<E: domain::DomainEvent>(&self) -> Result<E, domain::event::CodecError> {
        domain::event::decode(&self.event_type, self.schema_version, &self.payload)
    }
}
