//! A shortened replay. Only ever a cache: deleting every snapshot changes no answer.

use serde_json::Value;

use crate::stream::{StreamId, Version};

/// The state of one aggregate at one version, as JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Whose state.
    pub stream: StreamId,
    /// After how many events.
    pub version: Version,
    /// The aggregate's `STATE_SCHEMA_VERSION` when it was written; another one means replay.
    pub state_schema_version: u32,
    /// The state.
    pub state: Value,
}
