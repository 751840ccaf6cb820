//! The talk's API over any aggregate: `save`, `update`, `find`, `find_optional`, and reading the past.
//!
//! Invariant: a snapshot changes how fast a state is loaded, never which state. Whatever is wrong with one,
//! the events are replayed instead.

use std::marker::PhantomData;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::Aggregate;
use domain::event::{CodecError, decode as decode_event, encode};
use uuid::Uuid;

use crate::clock::Clock;
use crate::command::{CommandContext, CommandRecord};
use crate::error::StoreError;
use crate::event::{NewEvent, RecordedEvent};
use crate::guarded::guarded;
use crate::snapshot::{Restored, Snapshot};
use crate::store::{Commit, DeadlineChange, EventStore, StreamRange, Until};
use crate::stream::{StreamId, Version};
use crate::writing::Writing;

/// Which aggregate, and after how many events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdAndVersion {
    /// The aggregate.
    pub id: Uuid,
    /// Its version.
    pub version: Version,
}

/// A folded state with its version.
#[derive(Debug, Clone, PartialEq)]
pub struct Versioned<A> {
    /// The aggregate.
    pub id: Uuid,
    /// How many events were folded.
    pub version: Version,
    /// The state.
    pub state: A,
}

/// A moment in an aggregate's past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// After this many events.
    Version(Version),
    /// As recorded at this time.
    Time(DateTime<Utc>),
}

/// Loads and stores aggregates of one type.
pub struct Repository<A> {
    pub(crate) store: Arc<dyn EventStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) snapshot_every: u32,
    aggregate: PhantomData<fn() -> A>,
}

impl<A> Clone for Repository<A> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            snapshot_every: self.snapshot_every,
            aggregate: PhantomData,
        }
    }
}

impl<A: Aggregate> Repository<A> {
    /// A repository that keeps a snapshot of an aggregate each time it has `snapshot_every` more events; with
    /// 0, none.
    #[must_use]
    pub fn new(store: Arc<dyn EventStore>, clock: Arc<dyn Clock>, snapshot_every: u32) -> Self {
        Self { store, clock, snapshot_every, aggregate: PhantomData }
    }

    /// Stores the first events of a new aggregate, under `assigned_id` or else under a new UUID v7. The same
    /// command id again appends nothing and gives the first one's aggregate. `context.expected` is not
    /// looked at: a new aggregate has no version yet.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when `assigned_id` exists, [`StoreError::DuplicateCommand`] when the command
    /// id was used for something else.
    pub async fn save(
        &self,
        events: Vec<A::Event>,
        assigned_id: Option<Uuid>,
        context: CommandContext,
    ) -> Result<IdAndVersion, StoreError> {
        let id = assigned_id.unwrap_or_else(Uuid::now_v7);
        self.store_events(Versioned { id, version: Version::NONE, state: A::default() }, events, context)
            .await
    }

    /// Appends events to an aggregate that is at exactly this version. The same command id again appends
    /// nothing and gives the first one's version. `context.expected` is not looked at: `target` says it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the aggregate is at another version, [`StoreError::DuplicateCommand`]
    /// when the command id was used for something else.
    pub async fn update(
        &self,
        target: IdAndVersion,
        events: Vec<A::Event>,
        context: CommandContext,
    ) -> Result<IdAndVersion, StoreError> {
        let mut base = self.load_until(target.id, target.version).await?;
        // The store compares this with what it holds, also where it holds less.
        base.version = target.version;
        self.store_events(base, events, context).await
    }

    /// The aggregate as it is now.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it has no events.
    pub async fn find(&self, id: Uuid) -> Result<Versioned<A>, StoreError> {
        found(self.load_state(id).await?)
    }

    /// The aggregate as it is now, if it has any events.
    ///
    /// # Errors
    /// Only when its events cannot be read.
    pub async fn find_optional(&self, id: Uuid) -> Result<Option<Versioned<A>>, StoreError> {
        let state = self.load_state(id).await?;
        Ok((state.version > Version::NONE).then_some(state))
    }

    /// The aggregate as it was. A version that it has not reached yet gives the latest one: the answer carries
    /// its version.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it had no events then.
    pub async fn find_at(&self, id: Uuid, at: At) -> Result<Versioned<A>, StoreError> {
        let version = match at {
            At::Version(version) => version,
            At::Time(time) => self.store.version_at(&stream_of::<A>(id), time).await?,
        };
        found(self.load_until(id, version).await?)
    }

    /// The state of the aggregate `id`, the default one at [`Version::NONE`] when it has no events.
    pub(crate) async fn load_state(&self, id: Uuid) -> Result<Versioned<A>, StoreError> {
        self.load_until(id, Version(i64::MAX)).await
    }

    /// The states of `ids`, in one read and in their order; the default state for those without events.
    ///
    /// # Errors
    /// When the events of one of them cannot be read.
    pub async fn load_states(&self, ids: &[Uuid]) -> Result<Vec<Versioned<A>>, StoreError> {
        let range = |id: &Uuid| StreamRange {
            aggregate_id: *id,
            snapshot_until: Version(i64::MAX),
            until: Version(i64::MAX),
        };
        let ranges: Vec<StreamRange> = ids.iter().map(range).collect();
        let parts = self.load_ranges(&ranges).await?;
        guarded(|| parts.into_iter().map(LoadedPart::fold).collect())
    }

    /// The state after at most `version` events: the newest snapshot and the events after it.
    pub(crate) async fn load_until(&self, id: Uuid, version: Version) -> Result<Versioned<A>, StoreError> {
        let range = StreamRange { aggregate_id: id, snapshot_until: version, until: version };
        let part = self.load_ranges(&[range]).await?.pop();
        part.map_or_else(
            || Ok(Versioned { id, version: Version::NONE, state: A::default() }),
            LoadedPart::fold,
        )
    }

    /// Parts of streams, in one read and in the order of `ranges`.
    pub(crate) async fn load_ranges(&self, ranges: &[StreamRange]) -> Result<Vec<LoadedPart<A>>, StoreError> {
        if ranges.is_empty() {
            return Ok(Vec::new());
        }
        let parts = self.store.load_many(A::TYPE, A::STATE_SCHEMA_VERSION, ranges).await?;
        let mut loaded = Vec::with_capacity(parts.len());
        for (range, mut part) in ranges.iter().zip(parts) {
            let nothing = Versioned { id: range.aggregate_id, version: Version::NONE, state: A::default() };
            let base = match part.snapshot.take().map(restore) {
                None => nothing,
                Some(Some((version, state))) => Versioned { version, state, ..nothing },
                // The snapshot has another shape than its schema version says: from the beginning, then.
                Some(None) => {
                    let stream = stream_of::<A>(range.aggregate_id);
                    part.events =
                        self.store.load(&stream, Version::NONE, Until::Version(range.until)).await?;
                    nothing
                }
            };
            loaded.push(LoadedPart { base, events: part.events });
        }
        Ok(loaded)
    }

    /// Writes what was decided on `base`, then a snapshot where one is due.
    pub(crate) async fn commit(
        &self,
        base: Versioned<A>,
        events: &[A::Event],
        context: &CommandContext,
    ) -> Result<(Versioned<A>, Vec<RecordedEvent>), StoreError> {
        let (commit, after) = self.prepare(&base, events, context)?;
        let recorded = self.append(commit).await?;
        self.keep_snapshot(base.version, &after).await;
        Ok((after, recorded))
    }

    /// Stores that `base` refused, so that the same command is refused again.
    pub(crate) async fn commit_refusal(
        &self,
        base: &Versioned<A>,
        refusal: &A::Refusal,
        context: &CommandContext,
    ) -> Result<(), StoreError> {
        let commit = self.prepare_refusal(base, refusal, context)?;
        self.append(commit).await.map(drop)
    }

    /// Writes one commit, within the trace that its command is part of.
    async fn append(&self, mut commit: Commit) -> Result<Vec<RecordedEvent>, StoreError> {
        let writing = Writing::begin(self.store.system(), std::slice::from_mut(&mut commit));
        let appended = self.store.append(commit).await;
        writing.end(appended.as_ref().err());
        appended
    }

    /// What is to be written when `events` were decided on `base`, and the state after them.
    pub(crate) fn prepare(
        &self,
        base: &Versioned<A>,
        events: &[A::Event],
        context: &CommandContext,
    ) -> Result<(Commit, Versioned<A>), StoreError> {
        let new_events = new_events::<A>(base, events)?;
        let command = self.record(base, new_events.len(), context);
        let state = base.state.clone().fold(events);
        let deadline = DeadlineChange::between(base.state.deadline(), state.deadline());
        let after = Versioned { id: base.id, version: command.version, state };
        Ok((Commit { command, events: new_events, metadata: context.metadata.clone(), deadline }, after))
    }

    /// What is to be written so that the same command is refused again.
    pub(crate) fn prepare_refusal(
        &self,
        base: &Versioned<A>,
        refusal: &A::Refusal,
        context: &CommandContext,
    ) -> Result<Commit, StoreError> {
        let refusal = serde_json::to_value(refusal).map_err(|failure| {
            StoreError::Database(format!("a refusal cannot be written as JSON: {failure}"))
        })?;
        let command = CommandRecord { refusal: Some(refusal), ..self.record(base, 0, context) };
        let metadata = context.metadata.clone();
        Ok(Commit { command, events: Vec::new(), metadata, deadline: DeadlineChange::Keep })
    }

    fn record(&self, base: &Versioned<A>, event_count: usize, context: &CommandContext) -> CommandRecord {
        let event_count = u32::try_from(event_count).unwrap_or(u32::MAX);
        CommandRecord {
            command_id: context.command_id,
            stream: stream_of::<A>(base.id),
            version: Version(base.version.0.saturating_add(i64::from(event_count))),
            event_count,
            request_hash: context.request_hash,
            refusal: None,
            recorded_at: self.clock.now(),
        }
    }

    async fn store_events(
        &self,
        base: Versioned<A>,
        events: Vec<A::Event>,
        context: CommandContext,
    ) -> Result<IdAndVersion, StoreError> {
        match self.commit(base, &events, &context).await {
            Ok((after, _)) => Ok(IdAndVersion { id: after.id, version: after.version }),
            Err(StoreError::DuplicateCommand(_)) => self.first_result(&context).await,
            Err(failure) => Err(failure),
        }
    }

    async fn first_result(&self, context: &CommandContext) -> Result<IdAndVersion, StoreError> {
        let first = self.store.find_command(context.command_id).await?;
        first
            .filter(|first| first.stream.aggregate_type == A::TYPE)
            .filter(|first| first.request_hash == context.request_hash && first.refusal.is_none())
            .map(|first| IdAndVersion { id: first.stream.aggregate_id, version: first.version })
            .ok_or(StoreError::DuplicateCommand(context.command_id))
    }

    /// The snapshot that is due when a stream went from the version `before` to `after`, if one is. A state that
    /// cannot be written as JSON has none: it is only a slower load later.
    pub(crate) fn snapshot_due(&self, before: Version, after: &Versioned<A>) -> Option<Snapshot> {
        let every = i64::from(self.snapshot_every);
        if every == 0 || before.0 / every == after.version.0 / every {
            return None;
        }
        let (stream, version) = (stream_of::<A>(after.id), after.version);
        match serde_json::to_value(&after.state) {
            Ok(state) => {
                Some(Snapshot { stream, version, state_schema_version: A::STATE_SCHEMA_VERSION, state })
            }
            Err(failure) => {
                tracing::warn!(%stream, %version, %failure, "a snapshot was not kept");
                None
            }
        }
    }

    /// The commit stands already: a snapshot that cannot be written is only a slower load later.
    async fn keep_snapshot(&self, before: Version, after: &Versioned<A>) {
        let Some(snapshot) = self.snapshot_due(before, after) else {
            return;
        };
        if let Err(failure) = self.store.save_snapshots(vec![snapshot]).await {
            let (stream, version) = (stream_of::<A>(after.id), after.version);
            tracing::warn!(%stream, %version, %failure, "a snapshot was not kept");
        }
    }
}

/// A state and the events that follow it.
pub(crate) struct LoadedPart<A> {
    /// From a snapshot, or the default one at [`Version::NONE`].
    pub(crate) base: Versioned<A>,
    /// In order, without a gap.
    pub(crate) events: Vec<RecordedEvent>,
}

impl<A: Aggregate> LoadedPart<A> {
    /// The state after the events.
    pub(crate) fn fold(self) -> Result<Versioned<A>, StoreError> {
        let Self { base, events } = self;
        let Versioned { id, mut version, mut state } = base;
        for event in events {
            let domain_event = decode_event(&event.event_type, event.schema_version, &event.payload)
                .map_err(|source| codec_error(&event, source))?;
            version = event.version;
            state = state.evolve(&domain_event);
        }
        Ok(Versioned { id, version, state })
    }
}

/// The stream of the aggregate `id`.
pub(crate) fn stream_of<A: Aggregate>(id: Uuid) -> StreamId {
    StreamId::new(A::TYPE, id)
}

/// The domain events inside, lifted to today's schema.
pub(crate) fn decode<A: Aggregate>(events: &[RecordedEvent]) -> Result<Vec<A::Event>, StoreError> {
    events.iter().map(|event| event.decode().map_err(|source| codec_error(event, source))).collect()
}

fn codec_error(event: &RecordedEvent, source: CodecError) -> StoreError {
    StoreError::Codec { stream: event.stream.clone(), version: event.version, source }
}

fn new_events<A: Aggregate>(base: &Versioned<A>, events: &[A::Event]) -> Result<Vec<NewEvent>, StoreError> {
    let mut version = base.version;
    let encoded = |event| {
        version = version.next();
        let body = encode(event).map_err(|source| StoreError::Codec {
            stream: stream_of::<A>(base.id),
            version,
            source,
        })?;
        Ok(NewEvent { event_id: Uuid::now_v7(), body })
    };
    events.iter().map(encoded).collect()
}

/// The state inside, unless it has another shape.
fn restore<A: Aggregate>(snapshot: Snapshot) -> Option<(Version, A)> {
    match snapshot.restore() {
        Restored::State(state) => Some((snapshot.version, state)),
        Restored::OtherSchema => None,
        Restored::OtherShape(failure) => {
            let Snapshot { stream, version, .. } = snapshot;
            tracing::warn!(%stream, %version, %failure, "a snapshot has another shape; replaying");
            None
        }
    }
}

fn found<A: Aggregate>(state: Versioned<A>) -> Result<Versioned<A>, StoreError> {
    if state.version == Version::NONE {
        return Err(StoreError::NotFound(stream_of::<A>(state.id)));
    }
    Ok(state)
}
