//! What the store keeps of a command, so that the same command again meets the first one's result.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::event::Metadata;
use crate::stream::{ExpectedVersion, StreamId, Version};

/// SHA-256 over what the caller asked for: the same command id with another hash is another request.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestHash(pub [u8; 32]);

impl fmt::LowerHex for RequestHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for RequestHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::LowerHex::fmt(self, f)
    }
}

/// How a command arrives at its aggregate.
#[derive(Debug, Clone, PartialEq)]
pub struct CommandContext {
    /// Unique in the service's store; the same id again is the same command.
    pub command_id: Uuid,
    /// What was asked for, when the id comes from a caller who could reuse it for something else.
    pub request_hash: Option<RequestHash>,
    /// Whether a refusal is stored too, and answered again: commands under a caller's key.
    pub store_refusal: bool,
    /// The version that the caller has seen (`If-Match`).
    pub expected: ExpectedVersion,
    /// Whether the command waits for its turn when too many wait already, instead of being refused: commands that a
    /// message asks for, of which there are never more than the subscription holds.
    pub waits_for_room: bool,
    /// Goes into every event.
    pub metadata: Metadata,
}

impl CommandContext {
    /// A command under an id of its own, with no further conditions.
    #[must_use]
    pub fn new(command_id: Uuid) -> Self {
        Self {
            command_id,
            request_hash: None,
            store_refusal: false,
            expected: ExpectedVersion::Any,
            waits_for_room: false,
            metadata: Metadata::default(),
        }
    }
}

/// A command that was carried out or refused.
#[derive(Debug, Clone, PartialEq)]
pub struct CommandRecord {
    /// Unique in the store.
    pub command_id: Uuid,
    /// The aggregate that decided.
    pub stream: StreamId,
    /// The stream's version after the command; on a refusal, the version that refused.
    pub version: Version,
    /// How many events it appended; they are the last ones up to `version`.
    pub event_count: u32,
    /// What was asked for.
    pub request_hash: Option<RequestHash>,
    /// The refusal as JSON, when it was refused.
    pub refusal: Option<Value>,
    /// When it was decided.
    pub recorded_at: DateTime<Utc>,
}
