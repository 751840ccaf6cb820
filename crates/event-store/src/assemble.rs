//! What every backend does to rows, so that they all do it alike.

use std::collections::{HashMap, HashSet};

use chrono::SubsecRound;
use uuid::Uuid;

use crate::error::{Conflict, StoreError};
use crate::event::{CommitId, NewEvent, RecordedEvent};
use crate::store::{Commit, DeadlineChange, PendingCommit, StreamPart, StreamRange};
use crate::stream::{ExpectedVersion, StreamId, Version};

/// Commits that are written together, checked and with their times in whole microseconds, which is what every backend
/// can hold.
pub(crate) struct Batch {
    aggregate_type: String,
    commits: Vec<Commit>,
    /// The places of `commits` by stream: two writers that touch the same streams touch them in the same order.
    order: Vec<usize>,
}

impl Batch {
    /// `commits`, unless they contradict themselves or each other.
    pub(crate) fn new(mut commits: Vec<Commit>) -> Result<Self, StoreError> {
        commits.iter_mut().for_each(keep_microseconds);
        let aggregate_type =
            commits.first().map_or_else(String::new, |first| first.command.stream.aggregate_type.clone());
        let mut order: Vec<usize> = (0..commits.len()).collect();
        order.sort_by_key(|&place| (commits[place].command.stream.aggregate_id, place));
        let batch = Self { aggregate_type, commits, order };
        batch.check()?;
        Ok(batch)
    }

    pub(crate) fn aggregate_type(&self) -> &str {
        &self.aggregate_type
    }

    /// In the order in which they were given.
    pub(crate) fn commits(&self) -> &[Commit] {
        &self.commits
    }

    /// In the order in which they are written.
    pub(crate) fn sorted(&self) -> impl Iterator<Item = &Commit> {
        self.order.iter().map(|&place| &self.commits[place])
    }

    /// Each stream once, with the version that it must have before.
    pub(crate) fn streams(&self) -> Vec<(Uuid, Version)> {
        let mut streams: Vec<(Uuid, Version)> = self
            .sorted()
            .map(|commit| (commit.command.stream.aggregate_id, commit.expected_version()))
            .collect();
        streams.dedup_by_key(|(id, _)| *id);
        streams
    }

    /// Each stream once, with what becomes of its deadline in the end.
    pub(crate) fn deadlines(&self) -> Vec<(Uuid, DeadlineChange)> {
        let mut last: Vec<(Uuid, DeadlineChange)> = Vec::new();
        for commit in self.sorted().filter(|commit| !commit.events.is_empty()) {
            let (id, change) = (commit.command.stream.aggregate_id, commit.deadline);
            match last.last_mut() {
                Some(before) if before.0 == id && change != DeadlineChange::Keep => before.1 = change,
                Some(before) if before.0 == id => {}
                _ => last.push((id, change)),
            }
        }
        last
    }

    /// The events of each commit as they stand in the store, in the order in which the commits were given.
    pub(crate) fn recorded(self, commit_id: CommitId) -> Vec<Vec<RecordedEvent>> {
        let Self { mut commits, order, .. } = self;
        let mut recorded = vec![Vec::new(); commits.len()];
        let mut ordinals = 0..;
        for place in order {
            let events = std::mem::take(&mut commits[place].events);
            recorded[place] = recorded_events(&commits[place], events, commit_id, &mut ordinals);
        }
        recorded
    }

    fn check(&self) -> Result<(), StoreError> {
        let mut command_ids = HashSet::new();
        let mut previous: Option<&Commit> = None;
        for commit in self.sorted() {
            let command = &commit.command;
            let contradiction = if usize::try_from(command.event_count) != Ok(commit.events.len()) {
                Some(format!("announces {} events and brings {}", command.event_count, commit.events.len()))
            } else if command.stream.aggregate_type != self.aggregate_type {
                Some(format!("is for {} among commits for {}", command.stream, self.aggregate_type))
            } else if !command_ids.insert(command.command_id) {
                Some("comes twice at once".to_owned())
            } else if previous.is_some_and(|previous| {
                previous.command.stream == command.stream
                    && previous.command.version != commit.expected_version()
            }) {
                Some(format!("does not follow the commit before it on {}", command.stream))
            } else {
                None
            };
            if let Some(contradiction) = contradiction {
                return Err(StoreError::Corrupt(format!("command {} {contradiction}", command.command_id)));
            }
            previous = Some(commit);
        }
        Ok(())
    }
}

fn keep_microseconds(commit: &mut Commit) {
    commit.command.recorded_at = commit.command.recorded_at.trunc_subsecs(6);
    if let DeadlineChange::Set(due_at) = &mut commit.deadline {
        *due_at = due_at.trunc_subsecs(6);
    }
}

fn recorded_events(
    commit: &Commit,
    events: Vec<NewEvent>,
    commit_id: CommitId,
    ordinals: &mut impl Iterator<Item = u32>,
) -> Vec<RecordedEvent> {
    let mut version = commit.expected_version();
    let command = &commit.command;
    events
        .into_iter()
        .zip(ordinals)
        .map(|(event, ordinal)| {
            version = version.next();
            RecordedEvent {
                stream: command.stream.clone(),
                version,
                event_id: event.event_id,
                event_type: event.body.event_type,
                schema_version: event.body.schema_version,
                payload: event.body.payload,
                metadata: commit.metadata.clone(),
                command_id: command.command_id,
                recorded_at: command.recorded_at,
                commit_id,
                ordinal,
            }
        })
        .collect()
}

/// Why each commit of `batch` cannot be written, if it cannot, when for each of them (whether its command is recorded,
/// the version of its stream) is `stand`. A command that is already recorded comes first: its own events are what
/// moved the stream.
pub(crate) fn objections(
    batch: &Batch,
    stand: impl IntoIterator<Item = (bool, Version)>,
) -> Vec<Option<StoreError>> {
    let believed: HashMap<Uuid, Version> = batch.streams().into_iter().collect();
    let objection = |(commit, (is_recorded, actual)): (&Commit, (bool, Version))| {
        let command = &commit.command;
        if is_recorded {
            return Some(StoreError::DuplicateCommand(command.command_id));
        }
        let moved = believed.get(&command.stream.aggregate_id) != Some(&actual);
        let expected = ExpectedVersion::Exact(commit.expected_version());
        moved.then(|| StoreError::Conflict(Conflict { stream: command.stream.clone(), expected, actual }))
    };
    batch.commits().iter().zip(stand).map(objection).collect()
}

/// `events` if they follow `after` without a gap.
pub(crate) fn without_gap(
    stream: &StreamId,
    after: Version,
    events: Vec<RecordedEvent>,
) -> Result<Vec<RecordedEvent>, StoreError> {
    let mut previous = after;
    for event in &events {
        if event.version != previous.next() {
            return Err(StoreError::Corrupt(format!("{stream} lacks version {}", previous.next())));
        }
        previous = event.version;
    }
    Ok(events)
}

/// `parts`, one for each of `ranges`, if each of them is without a gap.
pub(crate) fn whole_parts(
    aggregate_type: &str,
    ranges: &[StreamRange],
    parts: Vec<StreamPart>,
) -> Result<Vec<StreamPart>, StoreError> {
    let whole = |(range, part): (&StreamRange, StreamPart)| {
        let stream = StreamId::new(aggregate_type, range.aggregate_id);
        let base = part.base();
        Ok(StreamPart { events: without_gap(&stream, base, part.events)?, snapshot: part.snapshot })
    };
    ranges.iter().zip(parts).map(whole).collect()
}

/// Events in the order of (commit id, ordinal), one entry a commit.
pub(crate) fn by_commit(events: Vec<RecordedEvent>) -> Vec<PendingCommit> {
    let mut commits: Vec<PendingCommit> = Vec::new();
    for event in events {
        match commits.last_mut() {
            Some(commit) if commit.commit_id == event.commit_id => commit.events.push(event),
            _ => commits.push(PendingCommit { commit_id: event.commit_id, events: vec![event] }),
        }
    }
    commits
}
