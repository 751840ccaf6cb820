//! What a backend provides. Every backend passes the same contract suite.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::command::CommandRecord;
use crate::error::StoreError;
use crate::event::{CommitId, Metadata, NewEvent, RecordedEvent};
use crate::snapshot::Snapshot;
use crate::stream::{StreamId, Version};

/// One decision of one aggregate, to be written in one transaction.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The stream, its version after the events, and the command. `command.version` minus
    /// `command.event_count` is the version that was folded: the expected version.
    pub command: CommandRecord,
    /// What happened; may be empty when the command changed nothing.
    pub events: Vec<NewEvent>,
    /// Goes into every event.
    pub metadata: Metadata,
    /// The aggregate's deadline after these events, kept in an index for [`EventStore::due`].
    pub deadline: Option<DateTime<Utc>>,
}

impl Commit {
    /// The version that was folded before the decision, which the stream must still have.
    #[must_use]
    pub fn expected_version(&self) -> Version {
        Version(self.command.version.0.saturating_sub(i64::from(self.command.event_count)))
    }
}

/// How far a stream is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// To its end.
    Latest,
    /// Up to and including this version.
    Version(Version),
    /// Up to and including everything recorded at or before this time.
    Time(DateTime<Utc>),
}

/// A commit that is not yet known to be published.
#[derive(Debug, Clone, PartialEq)]
pub struct PendingCommit {
    /// The outbox row.
    pub commit_id: CommitId,
    /// Its events, by ordinal.
    pub events: Vec<RecordedEvent>,
}

/// Something was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitNotice {
    /// By this process, to this stream.
    Here(StreamId),
    /// By another process, to any stream.
    Elsewhere,
}

/// A receiver of commit notices. `Lagged` means: look yourself.
pub type CommitNotices = broadcast::Receiver<CommitNotice>;

/// One service's events, commands, outbox and snapshots.
#[async_trait]
pub trait EventStore: Send + Sync + 'static {
    /// Writes the events, the command, the outbox row and the deadline in one transaction and gives the events
    /// as recorded. A commit without events writes the command alone and no outbox row.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the stream is not at the expected version, [`StoreError::DuplicateCommand`]
    /// when the command id is taken: nothing was written in both cases.
    async fn append(&self, commit: Commit) -> Result<Vec<RecordedEvent>, StoreError>;

    /// The command with this id, carried out or refused.
    ///
    /// # Errors
    /// Only when the database fails.
    async fn find_command(&self, command_id: Uuid) -> Result<Option<CommandRecord>, StoreError>;

    /// The events of `stream` with a version above `after`, in order, as far as `until`.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a version is missing.
    async fn load(
        &self,
        stream: &StreamId,
        after: Version,
        until: Until,
    ) -> Result<Vec<RecordedEvent>, StoreError>;

    /// How many events `stream` had at `time`.
    ///
    /// # Errors
    /// Only when the database fails.
    async fn version_at(&self, stream: &StreamId, time: DateTime<Utc>) -> Result<Version, StoreError> {
        let past = self.load(stream, Version::NONE, Until::Time(time)).await?;
        Ok(past.last().map_or(Version::NONE, |last| last.version))
    }

    /// All events of one aggregate type in one consistent snapshot, ordered by (aggregate id, version).
    ///
    /// # Errors
    /// Only when the database fails.
    async fn read_all(&self, aggregate_type: &str) -> Result<Vec<RecordedEvent>, StoreError>;

    /// The newest snapshot at or below `until`, if any.
    ///
    /// # Errors
    /// Only when the database fails.
    async fn load_snapshot(&self, stream: &StreamId, until: Version) -> Result<Option<Snapshot>, StoreError>;

    /// Keeps a snapshot.
    ///
    /// # Errors
    /// Only when the database fails.
    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), StoreError>;

    /// Aggregates of this type whose deadline is at or before `now`, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// Only when the database fails.
    async fn due(
        &self,
        aggregate_type: &str,
        now: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<(Uuid, DateTime<Utc>)>, StoreError>;

    /// The oldest commits in the outbox with their events, by (commit id, ordinal), at most `limit` commits.
    ///
    /// # Errors
    /// Only when the database fails.
    async fn pending(&self, limit: u32) -> Result<Vec<PendingCommit>, StoreError>;

    /// Deletes outbox rows after the broker has confirmed every event of theirs.
    ///
    /// # Errors
    /// Only when the database fails; the rows are then published again.
    async fn mark_published(&self, commits: &[CommitId]) -> Result<(), StoreError>;

    /// Puts the commit of this command back into the outbox, so that its events are published once more.
    /// False when the command is unknown or appended no events.
    ///
    /// # Errors
    /// Only when the database fails.
    async fn republish(&self, command_id: Uuid) -> Result<bool, StoreError>;

    /// Notices of commits from now on: woken in the process after each commit, and for other processes.
    fn notices(&self) -> CommitNotices;

    /// Whether the database answers now.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it does not.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Lets go of all connections; the store cannot be used afterwards.
    async fn close(&self);
}
