//! What every backend does to rows, so that they all do it alike.

use chrono::SubsecRound;

use crate::error::{Conflict, StoreError};
use crate::event::{CommitId, RecordedEvent};
use crate::store::{Commit, PendingCommit};
use crate::stream::{ExpectedVersion, StreamId, Version};

/// `commit` with its times in whole microseconds, which is what every backend can hold.
pub(crate) fn storable(mut commit: Commit) -> Result<Commit, StoreError> {
    if usize::try_from(commit.command.event_count) != Ok(commit.events.len()) {
        return Err(StoreError::Corrupt(format!(
            "command {} announces {} events and brings {}",
            commit.command.command_id,
            commit.command.event_count,
            commit.events.len()
        )));
    }
    commit.command.recorded_at = commit.command.recorded_at.trunc_subsecs(6);
    commit.deadline = commit.deadline.map(|due| due.trunc_subsecs(6));
    Ok(commit)
}

/// The events of `commit` as they stand in the store after it.
pub(crate) fn recorded(commit: Commit, commit_id: CommitId) -> Vec<RecordedEvent> {
    let mut version = commit.expected_version();
    let Commit { command, events, metadata, .. } = commit;
    (0..)
        .zip(events)
        .map(|(ordinal, event)| {
            version = version.next();
            RecordedEvent {
                stream: command.stream.clone(),
                version,
                event_id: event.event_id,
                event_type: event.body.event_type,
                schema_version: event.body.schema_version,
                payload: event.body.payload,
                metadata: metadata.clone(),
                command_id: command.command_id,
                recorded_at: command.recorded_at,
                commit_id,
                ordinal,
            }
        })
        .collect()
}

/// Why `commit` cannot be written to a stream that stands like this, if it cannot. A command that is already
/// recorded comes first: its own events are what moved the stream.
pub(crate) fn objection(commit: &Commit, recorded: bool, actual: Version) -> Option<StoreError> {
    if recorded {
        return Some(StoreError::DuplicateCommand(commit.command.command_id));
    }
    (actual != commit.expected_version()).then(|| conflict(commit, actual))
}

/// Somebody else was faster.
pub(crate) fn conflict(commit: &Commit, actual: Version) -> StoreError {
    let expected = ExpectedVersion::Exact(commit.expected_version());
    StoreError::Conflict(Conflict { stream: commit.command.stream.clone(), expected, actual })
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
