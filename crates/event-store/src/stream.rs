//! Streams, versions, and the optimistic check as a type.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One aggregate's events.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamId {
    /// The aggregate type, for example `account`.
    pub aggregate_type: String,
    /// The aggregate's id.
    pub aggregate_id: Uuid,
}

impl StreamId {
    /// The stream of the aggregate `aggregate_id` of the given type.
    pub fn new(aggregate_type: impl Into<String>, aggregate_id: Uuid) -> Self {
        Self { aggregate_type: aggregate_type.into(), aggregate_id }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.aggregate_type, self.aggregate_id)
    }
}

/// How many events a stream has; its events are numbered 1, 2, 3 without a gap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub i64);

impl Version {
    /// The version of a stream without events.
    pub const NONE: Self = Self(0);

    /// The version after one more event.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What the writer believes of a stream before it appends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedVersion {
    /// No opinion: the version that was loaded a moment ago decides.
    Any,
    /// The stream has exactly this version ([`Version::NONE`]: no event yet).
    Exact(Version),
}
