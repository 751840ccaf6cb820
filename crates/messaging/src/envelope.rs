//! The published language: a recorded event as a CloudEvents message (binary mode) and back.
//!
//! Invariant: nothing of a [`RecordedEvent`] is lost on the way, so that a store can be restored from the
//! messages alone. Attribute names follow the CloudEvents 1.0 Kafka binding: `ce_` and lower-case letters or
//! digits. The trace context travels under its W3C names, which every tracing library reads.

mod attributes;
mod schema;

use event_store::{CommitId, Metadata, RecordedEvent, StreamId, Version};
use thiserror::Error;

use self::attributes::Attributes;
use crate::message::Message;
pub use schema::headers_schema;

pub(crate) mod name {
    //! The headers, by what they carry.

    pub(crate) const CONTENT_TYPE: &str = "content-type";
    pub(crate) const SPEC_VERSION: &str = "ce_specversion";
    pub(crate) const ID: &str = "ce_id";
    pub(crate) const TYPE: &str = "ce_type";
    pub(crate) const SOURCE: &str = "ce_source";
    pub(crate) const SUBJECT: &str = "ce_subject";
    pub(crate) const TIME: &str = "ce_time";
    pub(crate) const SEQUENCE: &str = "ce_sequence";
    pub(crate) const AGGREGATE_TYPE: &str = "ce_aggregatetype";
    pub(crate) const SCHEMA_VERSION: &str = "ce_schemaversion";
    pub(crate) const COMMAND_ID: &str = "ce_commandid";
    pub(crate) const COMMIT_ID: &str = "ce_commitid";
    pub(crate) const ORDINAL: &str = "ce_ordinal";
    pub(crate) const CORRELATION_ID: &str = "ce_correlationid";
    pub(crate) const CAUSATION_ID: &str = "ce_causationid";
    pub(crate) const ACTOR: &str = "ce_actor";
    pub(crate) const TRACEPARENT: &str = "traceparent";
    pub(crate) const TRACESTATE: &str = "tracestate";
}

const SPEC_VERSION: &str = "1.0";
const CONTENT_TYPE: &str = "application/json";

/// Why a message is not an event of ours. Trying again cannot help.
#[derive(Debug, Error)]
pub enum EnvelopeError {
    /// An attribute that every event has is not there.
    #[error("the header `{0}` is missing")]
    Missing(&'static str),
    /// An attribute has a value that cannot be read.
    #[error("the header `{name}` has the value `{value}`")]
    Invalid {
        /// The attribute.
        name: &'static str,
        /// What it says.
        value: String,
    },
    /// The payload is not JSON.
    #[error("the payload is not JSON: {0}")]
    Payload(#[from] serde_json::Error),
}

/// The topic of an aggregate type: `bank.account` for `account`.
#[must_use]
pub fn topic_of(aggregate_type: &str) -> String {
    format!("bank.{aggregate_type}")
}

/// The message that carries `event`; `source` names the service that owns it (CloudEvents `source`).
#[must_use]
pub fn to_message(event: &RecordedEvent, source: &str) -> Message {
    let key = event.stream.aggregate_id.to_string();
    let metadata = &event.metadata;
    let mut attributes = Attributes::default();
    attributes.put(name::CONTENT_TYPE, CONTENT_TYPE);
    attributes.put(name::SPEC_VERSION, SPEC_VERSION);
    attributes.put(name::ID, event.event_id);
    attributes.put(name::TYPE, &event.event_type);
    attributes.put(name::SOURCE, source);
    attributes.put(name::SUBJECT, &key);
    attributes.put_time(name::TIME, event.recorded_at);
    attributes.put(name::SEQUENCE, event.version);
    attributes.put(name::AGGREGATE_TYPE, &event.stream.aggregate_type);
    attributes.put(name::SCHEMA_VERSION, event.schema_version);
    attributes.put(name::COMMAND_ID, event.command_id);
    attributes.put(name::COMMIT_ID, event.commit_id.0);
    attributes.put(name::ORDINAL, event.ordinal);
    attributes.put_some(name::CORRELATION_ID, metadata.correlation_id);
    attributes.put_some(name::CAUSATION_ID, metadata.causation_id);
    attributes.put_some(name::ACTOR, metadata.actor.as_ref());
    attributes.put_some(name::TRACEPARENT, metadata.traceparent.as_ref());
    attributes.put_some(name::TRACESTATE, metadata.tracestate.as_ref());
    Message {
        topic: topic_of(&event.stream.aggregate_type),
        key,
        headers: attributes.0,
        payload: event.payload.as_str().as_bytes().to_vec(),
    }
}

/// The event in `message`.
///
/// # Errors
/// [`EnvelopeError`] when an attribute is missing or unreadable, or the payload is not JSON.
pub fn to_event(message: &Message) -> Result<RecordedEvent, EnvelopeError> {
    let spec_version: String = attributes::required(message, name::SPEC_VERSION)?;
    if spec_version != SPEC_VERSION {
        return Err(EnvelopeError::Invalid { name: name::SPEC_VERSION, value: spec_version });
    }
    let aggregate_type: String = attributes::required(message, name::AGGREGATE_TYPE)?;
    Ok(RecordedEvent {
        stream: StreamId::new(aggregate_type, attributes::required(message, name::SUBJECT)?),
        version: Version(attributes::required(message, name::SEQUENCE)?),
        event_id: attributes::required(message, name::ID)?,
        event_type: attributes::required(message, name::TYPE)?,
        schema_version: attributes::required(message, name::SCHEMA_VERSION)?,
        payload: serde_json::from_slice(&message.payload)?,
        metadata: Metadata {
            correlation_id: attributes::optional(message, name::CORRELATION_ID)?,
            causation_id: attributes::optional(message, name::CAUSATION_ID)?,
            actor: attributes::optional(message, name::ACTOR)?,
            traceparent: attributes::optional(message, name::TRACEPARENT)?,
            tracestate: attributes::optional(message, name::TRACESTATE)?,
        },
        command_id: attributes::required(message, name::COMMAND_ID)?,
        recorded_at: attributes::required(message, name::TIME)?,
        commit_id: CommitId(attributes::required(message, name::COMMIT_ID)?),
        ordinal: attributes::required(message, name::ORDINAL)?,
    })
}

#[cfg(test)]
mod tests;
