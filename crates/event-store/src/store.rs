//! What a backend provides. Every backend passes the same contract suite.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::command::CommandRecord;
use crate::error::{Conflict, StoreError};
use crate::event::{CommitId, Metadata, NewEvent, RecordedEvent};
use crate::snapshot::Snapshot;
use crate::stream::{ExpectedVersion, StreamId, Version};

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
    /// What becomes of the aggregate's place in the index of [`EventStore::due`].
    pub deadline: DeadlineChange,
}

impl Commit {
    /// The version that was folded before the decision, which the stream must still have.
    #[must_use]
    pub fn expected_version(&self) -> Version {
        Version(self.command.version.0.saturating_sub(i64::from(self.command.event_count)))
    }
}

/// What a commit does to the index of deadlines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DeadlineChange {
    /// Nothing: the aggregate had no deadline and has none.
    #[default]
    Keep,
    /// It must be looked at then.
    Set(DateTime<Utc>),
    /// It can rest.
    Clear,
}

impl DeadlineChange {
    /// From the deadlines of a state before and after its commit.
    #[must_use]
    pub fn between(before: Option<DateTime<Utc>>, after: Option<DateTime<Utc>>) -> Self {
        match (before, after) {
            (None, None) => Self::Keep,
            (_, Some(due_at)) => Self::Set(due_at),
            (Some(_), None) => Self::Clear,
        }
    }
}

/// What became of commits that were to be written together.
#[derive(Debug)]
pub enum Appended {
    /// All are written. For each commit its events as recorded.
    Written(Vec<Vec<RecordedEvent>>),
    /// None is written. For each commit what is against it ([`StoreError::Conflict`] or
    /// [`StoreError::DuplicateCommand`]), if anything is; when nothing is against any of them, another writer was
    /// preferred for a moment (a deadlock), and the same again may succeed.
    Refused(Vec<Option<StoreError>>),
}

/// Which part of a stream [`EventStore::load_many`] reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamRange {
    /// The aggregate.
    pub aggregate_id: Uuid,
    /// A snapshot above this version is not used; [`Version::NONE`]: no snapshot at all.
    pub snapshot_until: Version,
    /// The last version that is read.
    pub until: Version,
}

/// What there is in a [`StreamRange`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StreamPart {
    /// The newest snapshot that may be used.
    pub snapshot: Option<Snapshot>,
    /// The events after the snapshot, in order.
    pub events: Vec<RecordedEvent>,
}

impl StreamPart {
    /// The version that the events follow.
    #[must_use]
    pub fn base(&self) -> Version {
        self.snapshot.as_ref().map_or(Version::NONE, |snapshot| snapshot.version)
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
    /// Writes commits of one aggregate type in one transaction: their events, their commands, their deadlines, and
    /// one outbox row for all of them together when there is any event. Of several commits to one stream each
    /// expects what the one before it leaves. Commits without events write their commands alone.
    ///
    /// # Errors
    /// Nothing was written, except perhaps after [`StoreError::Unavailable`]: then nobody knows.
    async fn append_all(&self, commits: Vec<Commit>) -> Result<Appended, StoreError>;

    /// [`EventStore::append_all`] of one commit; gives its events as recorded.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the stream is not at the expected version, [`StoreError::DuplicateCommand`]
    /// when the command id is taken: nothing was written in both cases.
    async fn append(&self, commit: Commit) -> Result<Vec<RecordedEvent>, StoreError> {
        let stream = commit.command.stream.clone();
        let expected = commit.expected_version();
        match self.append_all(vec![commit]).await? {
            Appended::Written(mut recorded) => Ok(recorded.pop().unwrap_or_default()),
            Appended::Refused(objections) => match objections.into_iter().next().flatten() {
                Some(objection) => Err(objection),
                // After a deadlock nobody may have moved the stream. It is a conflict all the same: decide again.
                None => Err(StoreError::Conflict(Conflict {
                    stream,
                    expected: ExpectedVersion::Exact(expected),
                    actual: expected,
                })),
            },
        }
    }

    /// The commands with these ids that are recorded, carried out or refused, in any order.
    ///
    /// # Errors
    /// Only when the database fails.
    async fn find_commands(&self, command_ids: &[Uuid]) -> Result<Vec<CommandRecord>, StoreError>;

    /// The command with this id, carried out or refused.
    ///
    /// # Errors
    /// Only when the database fails.
    async fn find_command(&self, command_id: Uuid) -> Result<Option<CommandRecord>, StoreError> {
        Ok(self.find_commands(&[command_id]).await?.pop())
    }

    /// The parts of streams of one aggregate type, in the order of `ranges`. Snapshots of another state schema are
    /// left out.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a version is missing.
    async fn load_many(
        &self,
        aggregate_type: &str,
        state_schema_version: u32,
        ranges: &[StreamRange],
    ) -> Result<Vec<StreamPart>, StoreError>;

    /// The versions of streams of one aggregate type, in the order of `aggregate_ids`.
    ///
    /// # Errors
    /// Only when the database fails.
    async fn versions(
        &self,
        aggregate_type: &str,
        aggregate_ids: &[Uuid],
    ) -> Result<Vec<Version>, StoreError>;

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

    /// What kind of database this is, as OpenTelemetry's conventions name it (`db.system.name`).
    fn system(&self) -> &'static str {
        "other_sql"
    }

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

    /// Keeps snapshots, all or none.
    ///
    /// # Errors
    /// Only when the database fails.
    async fn save_snapshots(&self, snapshots: Vec<Snapshot>) -> Result<(), StoreError>;

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

    /// Streams of this type whose first event has a member `owner` with this text, by their ids, the greatest first, which
    /// among ids of version 7 is the youngest; only those below `before`, and at most `limit`.
    ///
    /// # Errors
    /// Only when the database fails.
    async fn streams_of(
        &self,
        aggregate_type: &str,
        owner: &str,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Uuid>, StoreError>;

    /// Streams of this type, whole ones of at most `longest` events, so that every pair of an event type and a schema
    /// version that is in any of them is in the `per_shape` youngest of its streams: those to which something was appended
    /// last. By their ids.
    ///
    /// It looks at every event of the type, inside the database, and writes nothing.
    ///
    /// # Errors
    /// Only when the database fails.
    async fn sample(
        &self,
        aggregate_type: &str,
        per_shape: u32,
        longest: u32,
    ) -> Result<Vec<Uuid>, StoreError>;

    /// The oldest commits in the outbox except those in `except`, with their events, by (commit id, ordinal): as many as
    /// hold `event_limit` events or a little more, and at least one.
    ///
    /// # Errors
    /// Only when the database fails.
    async fn pending(&self, except: &[CommitId], event_limit: u32) -> Result<Vec<PendingCommit>, StoreError>;

    /// How many events wait in the outbox.
    ///
    /// # Errors
    /// Only when the database fails.
    async fn pending_count(&self) -> Result<u64, StoreError> {
        let all = self.pending(&[], u32::MAX).await?;
        Ok(all.iter().map(|commit| commit.events.len() as u64).sum())
    }

    /// Deletes outbox rows after the broker has confirmed every event of theirs.
    ///
    /// # Errors
    /// Only when the database fails; the rows are then published again.
    async fn mark_published(&self, commits: &[CommitId]) -> Result<(), StoreError>;

    /// Puts the commit of this command back into the outbox, so that all events of that commit, also those of the
    /// commands that were written together with this one, are published once more.
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
