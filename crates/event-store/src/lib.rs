//! An event store over any aggregate, on SQLite and PostgreSQL.
//!
//! Events are appended under an expected version, together with the command that caused them and one outbox
//! row a commit, in one transaction. [`Repository`] is the talk's API (`save`, `update`, `find`), [`Commands`]
//! is how a command reaches its aggregate, and [`EventStore`] is what a backend provides.

pub mod clock;
pub mod command;
pub mod commands;
pub mod error;
pub mod event;
pub mod fault;
mod guarded;
mod open;
pub mod repository;
pub mod snapshot;
pub mod store;
pub mod stream;
mod write_task;
mod writing;

#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod assemble;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "sqlite")]
pub mod sqlite;

pub use clock::{Clock, SystemClock};
pub use command::{CommandContext, CommandRecord, RequestHash};
pub use commands::{Commands, ExecuteError, Executed, LaneSettings};
/// An event's fields, as the domain writes them, and why they cannot be read.
pub use domain::event::{CodecError, Payload};
pub use error::{Conflict, StoreError};
pub use event::{CommitId, Metadata, NewEvent, RecordedEvent};
pub use open::open;
pub use repository::{At, IdAndVersion, Repository, Versioned};
pub use snapshot::{Restored, Snapshot};
pub use store::{
    Appended, Commit, CommitNotice, CommitNotices, DeadlineChange, EventStore, PendingCommit, StreamPart,
    StreamRange, Until,
};
pub use stream::{ExpectedVersion, StreamId, Version};
