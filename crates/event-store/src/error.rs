//! What can go wrong in a store.

use domain::event::CodecError;
use thiserror::Error;
use uuid::Uuid;

use crate::stream::{ExpectedVersion, StreamId, Version};

/// Somebody else appended first, or the caller saw another version.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{stream} is at version {actual}, expected {expected:?}")]
pub struct Conflict {
    /// The stream in question.
    pub stream: StreamId,
    /// What the writer believed.
    pub expected: ExpectedVersion,
    /// What the store holds.
    pub actual: Version,
}

/// Why the store did not do what was asked.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The optimistic check failed; nothing was written.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// A command with this id was committed before; nothing was written. Read it with `find_command`.
    #[error("command {0} is already recorded")]
    DuplicateCommand(Uuid),
    /// The stream has no events.
    #[error("{0} does not exist")]
    NotFound(StreamId),
    /// A stored event cannot be read by this code.
    #[error("{stream} version {version}: {source}")]
    Codec {
        /// The stream.
        stream: StreamId,
        /// The event that could not be read or written.
        version: Version,
        /// What is wrong with it.
        source: CodecError,
    },
    /// The store cannot be opened as configured: another try would not help.
    #[error("the event store cannot be opened: {0}")]
    Config(String),
    /// The stored data contradict themselves.
    #[error("the store is inconsistent: {0}")]
    Corrupt(String),
    /// The database does not answer, is busy or is shutting down: worth another try.
    #[error("the event store is unavailable: {0}")]
    Unavailable(String),
    /// The database refused a statement: another try would not help.
    #[error("the event store failed: {0}")]
    Database(String),
}

impl StoreError {
    /// Whether the same call may succeed later without any change.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Conflict(_))
    }
}
