//! What came of it, for each shape.

use std::collections::BTreeMap;

use event_store::{RecordedEvent, Snapshot};
use serde::Serialize;

use super::input::Stream;
use super::reading::{Reading, Role};

/// What this code makes of events of one shape; the later one counts when there are several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nobody here reads events of this aggregate.
    Unread,
    /// They are read, and what follows from them does.
    Folded,
    /// Newer code wrote them: they wait until such code reads them.
    Parked,
    /// They are of a shape that this code should read, and does not.
    Failed,
}

/// What this code makes of snapshots; the later one counts when there are several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TakeOver {
    /// They are the states that a replay gives.
    TakenOver,
    /// They have another state schema version, so that their events are replayed, which works.
    Replayed,
    /// Their events are parked.
    Parked,
    /// They are believed and are wrong, or cannot be read although they should, or their events cannot.
    Failed,
}

/// Events of one shape, from one file, read by one reader.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventReport {
    /// Who reads them.
    pub service: &'static str,
    /// As what; absent when nobody does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Their file.
    pub from: String,
    /// Their type.
    pub event_type: String,
    /// The schema version that they were written in.
    pub schema_version: u32,
    /// How many.
    pub events: u64,
    /// What this code makes of them.
    pub verdict: Verdict,
    /// Why not everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What becomes of such an event while the service runs: `dead-letter`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub then: Option<&'static str>,
}

/// Snapshots of one shape, from one file.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotReport {
    /// Whose aggregate it is.
    pub service: &'static str,
    /// Their file.
    pub from: String,
    /// The aggregate.
    pub aggregate_type: String,
    /// The schema version that they were written in.
    pub state_schema_version: u32,
    /// How many.
    pub snapshots: u64,
    /// What this code makes of them.
    pub verdict: TakeOver,
    /// Why not everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The whole document.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Whose code it is.
    pub service: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Whether nothing failed. What is parked is for the reader to judge.
    pub passed: bool,
    /// What became of the events.
    pub events: Vec<EventReport>,
    /// What became of the snapshots.
    pub snapshots: Vec<SnapshotReport>,
    #[serde(skip)]
    by_shape: BTreeMap<(String, String, u32, &'static str, Option<Role>), EventReport>,
    #[serde(skip)]
    by_state: BTreeMap<(String, String, u32, &'static str), SnapshotReport>,
}

/// A verdict, its reason, and what follows.
pub(super) type Told = (Verdict, Option<String>, Option<&'static str>);

impl Report {
    pub(super) fn new(service: &'static str, version: &'static str) -> Self {
        Self {
            service,
            version,
            passed: true,
            events: Vec::new(),
            snapshots: Vec::new(),
            by_shape: BTreeMap::new(),
            by_state: BTreeMap::new(),
        }
    }

    pub(super) fn event(&mut self, reading: &Reading, from: &str, event: &RecordedEvent, told: Told) {
        self.add(reading.service, Some(reading.role), from, event, told);
    }

    pub(super) fn unread(&mut self, stream: &Stream, service: &'static str) {
        for event in &stream.events[stream.asked_from..] {
            self.add(service, None, &stream.from, event, (Verdict::Unread, None, None));
        }
    }

    fn add(
        &mut self,
        service: &'static str,
        role: Option<Role>,
        from: &str,
        event: &RecordedEvent,
        (verdict, reason, then): Told,
    ) {
        let (event_type, schema_version) = (event.event_type.clone(), event.schema_version);
        let key = (from.to_owned(), event_type.clone(), schema_version, service, role);
        let known = self.by_shape.entry(key).or_insert_with(|| EventReport {
            service,
            role,
            from: from.to_owned(),
            event_type,
            schema_version,
            events: 0,
            verdict: Verdict::Unread,
            reason: None,
            then: None,
        });
        known.events += 1;
        if verdict > known.verdict {
            let place = |reason| format!("{} version {}: {reason}", event.stream, event.version);
            (known.verdict, known.reason, known.then) = (verdict, reason.map(place), then);
        }
    }

    pub(super) fn snapshot(
        &mut self,
        reading: &Reading,
        from: &str,
        snapshot: &Snapshot,
        (verdict, reason): (TakeOver, Option<String>),
    ) {
        let (aggregate_type, version) =
            (snapshot.stream.aggregate_type.clone(), snapshot.state_schema_version);
        let key = (from.to_owned(), aggregate_type.clone(), version, reading.service);
        let known = self.by_state.entry(key).or_insert_with(|| SnapshotReport {
            service: reading.service,
            from: from.to_owned(),
            aggregate_type,
            state_schema_version: version,
            snapshots: 0,
            verdict: TakeOver::TakenOver,
            reason: None,
        });
        known.snapshots += 1;
        if verdict > known.verdict {
            let place = |reason| format!("{} version {}: {reason}", snapshot.stream, snapshot.version);
            (known.verdict, known.reason) = (verdict, reason.map(place));
        }
    }

    pub(super) fn finish(mut self) -> Self {
        self.events = std::mem::take(&mut self.by_shape).into_values().collect();
        self.snapshots = std::mem::take(&mut self.by_state).into_values().collect();
        self.passed = self.problem().is_none();
        self
    }

    /// What failed, in one line: how much of it, and the first.
    pub(super) fn problem(&self) -> Option<String> {
        let events = self.events.iter().filter(|shape| shape.verdict == Verdict::Failed).map(|shape| {
            (format!("{}: {}", shape.from, shape.event_type), shape.reason.as_deref().unwrap_or_default())
        });
        let snapshots =
            self.snapshots.iter().filter(|shape| shape.verdict == TakeOver::Failed).map(|shape| {
                let what = format!("{}: snapshots of `{}`", shape.from, shape.aggregate_type);
                (what, shape.reason.as_deref().unwrap_or_default())
            });
        let mut failed = events.chain(snapshots);
        let (what, reason) = failed.next()?;
        let more = failed.count();
        let others = if more == 0 { String::new() } else { format!(" (and {more} more)") };
        Some(format!("cannot read what was written before: {what}: {reason}{others}"))
    }
}
