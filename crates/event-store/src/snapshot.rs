//! A shortened replay. Only ever a cache: deleting every snapshot changes no answer.

use domain::Aggregate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::stream::{StreamId, Version};

/// The state of one aggregate at one version, as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// Whose state.
    #[serde(flatten)]
    pub stream: StreamId,
    /// After how many events.
    pub version: Version,
    /// The aggregate's `STATE_SCHEMA_VERSION` when it was written; another one means replay.
    pub state_schema_version: u32,
    /// The state.
    pub state: Value,
}

/// What a snapshot is to code that finds it.
#[derive(Debug)]
pub enum Restored<A> {
    /// The state in it.
    State(A),
    /// It was written under another schema version, so that the events are replayed.
    OtherSchema,
    /// It has another shape than its schema version says. The events are replayed; the code is at fault, which changed the
    /// state's shape and did not raise the version.
    OtherShape(serde_json::Error),
}

impl Snapshot {
    /// The state inside, if this code wrote its like.
    #[must_use]
    pub fn restore<A: Aggregate>(&self) -> Restored<A> {
        if self.state_schema_version != A::STATE_SCHEMA_VERSION {
            return Restored::OtherSchema;
        }
        match A::deserialize(&self.state) {
            Ok(state) => Restored::State(state),
            Err(failure) => Restored::OtherShape(failure),
        }
    }
}
