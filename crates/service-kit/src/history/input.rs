//! Recorded events from files.
//!
//! `TYPE.vN.json` and `TYPE.vN.ADDITION.json` hold the payload of one event (a golden file), `NAME.jsonl` holds whole
//! streams, a line an event or a snapshot, as `bank sample` prints them. A golden event is read after the event that begins
//! a stream of its aggregate, which is taken from the same folder.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::DateTime;
use domain::aggregates::{aggregate_of, first_event_of};
use event_store::{CommitId, Metadata, Payload, RecordedEvent, Snapshot, StreamId, Version};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use super::reading::Reading;

/// The files are not what they should be.
#[derive(Debug, Error)]
pub(super) enum InputError {
    /// A file or folder cannot be read.
    #[error("{0}: {1}")]
    Unreadable(String, std::io::Error),
    /// A file that is neither a golden event nor a list of recorded ones.
    #[error("{0} is called neither TYPE.vN.json, as the event in it, nor NAME.jsonl")]
    Name(String),
    /// What is in it is not what its name says.
    #[error("{file}{}: {reason}", line.map(|line| format!(" line {line}")).unwrap_or_default())]
    Content {
        /// The file.
        file: String,
        /// Where in it.
        line: Option<usize>,
        /// What is wrong.
        reason: String,
    },
    /// There is nothing to read.
    #[error("{0} has no event in it: there is no TYPE.vN.json and no NAME.jsonl")]
    Empty(String),
}

/// A line of a list of recorded events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Line {
    /// An event. Those of one stream stand in order, from version 1.
    Event(RecordedEvent),
    /// A snapshot of a stream whose events are there.
    Snapshot(Snapshot),
}

/// One stream, from its beginning.
#[derive(Debug, Clone)]
pub(super) struct Stream {
    /// The file's name.
    pub(super) from: String,
    /// None for an event whose type nobody here knows: it may be of any aggregate.
    aggregate_type: Option<String>,
    pub(super) events: Vec<RecordedEvent>,
    /// The events before this one are there to lead up to it.
    pub(super) asked_from: usize,
    pub(super) snapshots: Vec<Snapshot>,
}

impl Stream {
    /// This stream, if `reading` reads its like.
    pub(super) fn as_read_by(&self, reading: &Reading) -> Option<Self> {
        match &self.aggregate_type {
            Some(aggregate_type) => reading.types().contains(&aggregate_type.as_str()).then(|| self.clone()),
            None => {
                let mut stream = self.clone();
                let aggregate_type = reading.types().first()?;
                for event in &mut stream.events {
                    event.stream = StreamId::new(*aggregate_type, event.stream.aggregate_id);
                }
                Some(stream)
            }
        }
    }
}

/// Everything in these files, and in these folders and what lies in them.
pub(super) fn read(paths: &[PathBuf]) -> Result<Vec<Stream>, InputError> {
    let mut streams = Vec::new();
    for path in paths {
        let before = streams.len();
        let found = fs::metadata(path);
        let found = found.map_err(|error| InputError::Unreadable(path.display().to_string(), error))?;
        if found.is_dir() {
            read_folder(path, &mut streams)?;
        } else if !read_file(path, &mut streams)? {
            return Err(InputError::Name(path.display().to_string()));
        }
        if streams.len() == before {
            return Err(InputError::Empty(path.display().to_string()));
        }
    }
    Ok(streams)
}

fn read_folder(folder: &Path, streams: &mut Vec<Stream>) -> Result<(), InputError> {
    let unreadable = |error| InputError::Unreadable(folder.display().to_string(), error);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        paths.push(entry.map_err(unreadable)?.path());
    }
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read_folder(&path, streams)?;
        } else {
            read_file(&path, streams)?;
        }
    }
    Ok(())
}

/// Says whether the file has a name of one kind or the other.
fn read_file(path: &Path, streams: &mut Vec<Stream>) -> Result<bool, InputError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.ends_with(".jsonl") {
        read_list(path, streams)?;
    } else if let Some((event_type, schema_version)) = golden_name(&name) {
        streams.push(golden_stream(path, event_type, schema_version)?);
    } else {
        return Ok(false);
    }
    Ok(true)
}

/// `AccountDebited` and 1 of `AccountDebited.v1.owner.json`.
fn golden_name(name: &str) -> Option<(&str, u32)> {
    let (event_type, rest) = name.strip_suffix(".json")?.split_once('.')?;
    let version = rest.split('.').next()?.strip_prefix('v')?;
    Some((event_type, version.parse().ok()?))
}

fn golden_stream(path: &Path, event_type: &str, schema_version: u32) -> Result<Stream, InputError> {
    let payload = payload_of(path)?;
    let aggregate_type = aggregate_of(event_type);
    let mut events = Vec::new();
    let first = aggregate_type.and_then(first_event_of).filter(|first| *first != event_type);
    if let (Some(aggregate_type), Some(first)) = (aggregate_type, first) {
        let folder = path.parent().unwrap_or(Path::new(""));
        let newest = newest_of(folder, first);
        let leading = newest.and_then(|(path, version)| Some((payload_of(&path).ok()?, version)));
        events.extend(leading.map(|(payload, version)| event(aggregate_type, 1, first, version, payload)));
    }
    let asked_from = events.len();
    let version = if asked_from == 0 { 1 } else { 2 };
    events.push(event(aggregate_type.unwrap_or_default(), version, event_type, schema_version, payload));
    let from = path.display().to_string();
    let aggregate_type = aggregate_type.map(str::to_owned);
    Ok(Stream { from, aggregate_type, events, asked_from, snapshots: Vec::new() })
}

fn payload_of(path: &Path) -> Result<Payload, InputError> {
    let file = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|error| InputError::Unreadable(file.clone(), error))?;
    Payload::parse(&text).map_err(|error| InputError::Content { file, line: None, reason: error.to_string() })
}

/// The golden file of the newest schema version of `event_type`; without an addition, if there is such a one.
fn newest_of(folder: &Path, event_type: &str) -> Option<(PathBuf, u32)> {
    let entries = fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let found = entries.filter_map(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        let (found, version) = golden_name(&name)?;
        (found == event_type).then(|| (version, Reverse(name.len()), entry.path()))
    });
    let (version, _, path) = found.max()?;
    Some((path, version))
}

/// An event as a store would hold it.
fn event(
    aggregate_type: &str,
    version: u8,
    event_type: &str,
    schema_version: u32,
    payload: Payload,
) -> RecordedEvent {
    RecordedEvent {
        stream: StreamId::new(aggregate_type, Uuid::from_u128(1)),
        version: Version(version.into()),
        event_id: Uuid::from_u128(version.into()),
        event_type: event_type.to_owned(),
        schema_version,
        payload,
        metadata: Metadata::default(),
        command_id: Uuid::from_u128(version.into()),
        // Any moment; a golden file has none but those in its payload.
        recorded_at: DateTime::UNIX_EPOCH,
        commit_id: CommitId(version.into()),
        ordinal: 0,
    }
}

fn read_list(path: &Path, streams: &mut Vec<Stream>) -> Result<(), InputError> {
    let file = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|error| InputError::Unreadable(file.clone(), error))?;
    let mut found: BTreeMap<StreamId, Stream> = BTreeMap::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let wrong =
            |reason: String| InputError::Content { file: file.clone(), line: Some(number + 1), reason };
        match serde_json::from_str(line).map_err(|error| wrong(error.to_string()))? {
            Line::Event(event) => {
                let stream = found.entry(event.stream.clone()).or_insert_with(|| Stream {
                    from: file.clone(),
                    aggregate_type: Some(event.stream.aggregate_type.clone()),
                    events: Vec::new(),
                    asked_from: 0,
                    snapshots: Vec::new(),
                });
                let before = stream.events.last().map_or(Version::NONE, |last| last.version);
                if event.version != before.next() {
                    let (id, version) = (&event.stream, event.version);
                    return Err(wrong(format!(
                        "version {version} of {id} follows version {before}; a stream must be whole"
                    )));
                }
                stream.events.push(event);
            }
            Line::Snapshot(snapshot) => {
                let (id, version) = (&snapshot.stream, snapshot.version);
                let stream = found
                    .get_mut(id)
                    .filter(|stream| stream.events.iter().any(|event| event.version == version));
                let stream = stream.ok_or_else(|| {
                    wrong(format!("a snapshot of version {version} of {id}, and no such event before it"))
                })?;
                stream.snapshots.push(snapshot);
            }
        }
    }
    streams.extend(found.into_values());
    Ok(())
}
