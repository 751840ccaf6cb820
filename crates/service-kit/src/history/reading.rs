//! One reader of events: an aggregate, or a subscription.

use std::fmt::Display;

use domain::Aggregate;
use domain::event::CodecError;
use event_store::{ExecuteError, RecordedEvent, Restored, Snapshot, StoreError};
use messaging::Outcome;
use serde::{Deserialize, Serialize};

use super::input::Stream;
use super::report::{Report, TakeOver, Verdict};
use crate::command::outcome_of;

/// Why an event was not read.
#[derive(Debug)]
pub enum Unread {
    /// It cannot be decoded.
    Codec(CodecError),
    /// It says something that cannot be where it stands.
    Unfit(String),
}

impl Unread {
    /// It was decoded, and nothing could be made of it.
    pub fn unfit(reason: impl Display) -> Self {
        Self::Unfit(reason.to_string())
    }
}

impl From<CodecError> for Unread {
    fn from(error: CodecError) -> Self {
        Self::Codec(error)
    }
}

/// As what a service reads an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It owns the stream and decides on it.
    Aggregate,
    /// The events reach it by topics.
    Subscription,
}

/// What becomes of a snapshot, and why.
type Taken = (TakeOver, Option<String>);

type Reader = Box<dyn FnMut(&RecordedEvent) -> Result<(), Unread>>;

pub(super) struct Reading {
    pub(super) service: &'static str,
    pub(super) role: Role,
    types: Vec<&'static str>,
    /// What reads one stream from its start.
    begin: Box<dyn Fn() -> Reader>,
    /// What becomes of an event that cannot be decoded.
    consequence: fn(&RecordedEvent, CodecError) -> Outcome,
    /// What becomes of a snapshot, of a stream that can be read.
    take_over: Option<fn(&Snapshot, &[RecordedEvent]) -> Taken>,
}

impl Reading {
    pub(super) fn aggregate<A: Aggregate>(service: &'static str) -> Self {
        Self {
            service,
            role: Role::Aggregate,
            types: vec![A::TYPE],
            begin: Box::new(|| Box::new(folder::<A>())),
            consequence: consequence_for_commands::<A>,
            take_over: Some(take_over::<A>),
        }
    }

    pub(super) fn subscription<R>(
        service: &'static str,
        types: &[&'static str],
        begin: impl Fn() -> R + 'static,
    ) -> Self
    where
        R: FnMut(&RecordedEvent) -> Result<(), Unread> + 'static,
    {
        Self {
            service,
            role: Role::Subscription,
            types: types.to_vec(),
            begin: Box::new(move || Box::new(begin())),
            consequence: |_, error| Outcome::unreadable(&error),
            take_over: None,
        }
    }

    /// Whose events it reads.
    pub(super) fn types(&self) -> &[&'static str] {
        &self.types
    }

    /// Reads a stream and its snapshots, and adds what came of it.
    pub(super) fn read(&self, stream: &Stream, report: &mut Report) {
        let mut stopped = None;
        let mut reader = (self.begin)();
        for (place, event) in stream.events.iter().enumerate() {
            // What stands behind one that failed is not at fault for it.
            if matches!(stopped, Some((Verdict::Failed, _))) {
                break;
            }
            let read = match &stopped {
                Some((verdict, version)) => Err((*verdict, format!("waits behind version {version}"), None)),
                None => reader(event).map_err(|unread| self.judge(event, unread)),
            };
            let told = match read {
                Ok(()) => (Verdict::Folded, None, None),
                Err((verdict, reason, then)) => {
                    stopped.get_or_insert((verdict, event.version));
                    (verdict, Some(reason), then)
                }
            };
            if place >= stream.asked_from {
                report.event(self, &stream.from, event, told);
            }
        }
        let Some(take_over) = self.take_over else { return };
        for snapshot in &stream.snapshots {
            let told = match stopped {
                None => take_over(snapshot, &stream.events),
                Some((Verdict::Parked, version)) => {
                    (TakeOver::Parked, Some(format!("version {version} of its stream is parked")))
                }
                Some((_, version)) => {
                    (TakeOver::Failed, Some(format!("version {version} of its stream cannot be read")))
                }
            };
            report.snapshot(self, &stream.from, snapshot, told);
        }
    }

    fn judge(&self, event: &RecordedEvent, unread: Unread) -> (Verdict, String, Option<&'static str>) {
        match unread {
            Unread::Unfit(reason) => (Verdict::Failed, reason, None),
            Unread::Codec(error) => {
                let verdict = if error.is_of_newer_code() { Verdict::Parked } else { Verdict::Failed };
                let reason = error.to_string();
                (verdict, reason, Some(name_of(&(self.consequence)(event, error))))
            }
        }
    }
}

fn folder<A: Aggregate>() -> impl FnMut(&RecordedEvent) -> Result<(), Unread> {
    let mut state = A::default();
    move |event| {
        state = std::mem::take(&mut state).evolve(&event.decode()?);
        Ok(())
    }
}

/// A command that a message asks for loads its stream first.
fn consequence_for_commands<A: Aggregate>(event: &RecordedEvent, source: CodecError) -> Outcome {
    let (stream, version) = (event.stream.clone(), event.version);
    let error = StoreError::Codec { stream, version, source };
    outcome_of::<(), A::Refusal>(Err(ExecuteError::Store(error)))
}

/// A snapshot must be the state that its events make, and lead with the events after it to the state that all of them make.
fn take_over<A: Aggregate>(snapshot: &Snapshot, events: &[RecordedEvent]) -> Taken {
    let state = match snapshot.restore::<A>() {
        Restored::State(state) => state,
        Restored::OtherSchema => return (TakeOver::Replayed, None),
        Restored::OtherShape(failure) => {
            let reason = format!(
                "it has state schema version {}, as this code writes it, and another shape: {failure}",
                snapshot.state_schema_version
            );
            return (TakeOver::Failed, Some(reason));
        }
    };
    match differs(snapshot, state, events) {
        Ok(None) => (TakeOver::TakenOver, None),
        Ok(Some(reason)) => (TakeOver::Failed, Some(reason)),
        Err(error) => (TakeOver::Failed, Some(error.to_string())),
    }
}

fn differs<A: Aggregate>(
    snapshot: &Snapshot,
    state: A,
    events: &[RecordedEvent],
) -> Result<Option<String>, CodecError> {
    let (mut replayed, mut shortened) = (A::default(), state.clone());
    for event in events {
        let said: A::Event = event.decode()?;
        replayed = replayed.evolve(&said);
        if event.version == snapshot.version && replayed != state {
            return Ok(Some(format!("version {} is another state when it is replayed", snapshot.version)));
        }
        if event.version > snapshot.version {
            shortened = shortened.evolve(&said);
        }
    }
    Ok((replayed != shortened)
        .then(|| "with the events after it, it is another state than a replay".to_owned()))
}

fn name_of(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::Retry(_) => "retry",
        Outcome::DeadLetter(_) => "dead-letter",
        Outcome::Gap { .. } => "gap",
    }
}
