//! Given past events, when a command arrives, then the events or the refusal.
//!
//! Every use also checks what holds for all aggregates: deciding twice gives the same, a snapshot of the state
//! comes back equal, and every event survives being stored.

use domain::event::{decode, encode};
use domain::{Aggregate, DomainEvent};

/// An aggregate with a past.
pub(crate) struct Given<A: Aggregate> {
    past: Vec<A::Event>,
}

/// What came of a command.
pub(crate) struct Outcome<A: Aggregate> {
    before: A,
    result: Result<Vec<A::Event>, A::Refusal>,
}

#[track_caller]
pub(crate) fn given<A: Aggregate>(past: impl IntoIterator<Item = A::Event>) -> Given<A> {
    Given { past: past.into_iter().collect() }
}

impl<A: Aggregate> Given<A> {
    #[track_caller]
    pub(crate) fn when(self, command: A::Command) -> Outcome<A> {
        let before = A::default().fold(&self.past);
        let result = before.decide(&command);
        assert_eq!(result, before.decide(&command), "deciding twice gives the same");
        Outcome { before, result }
    }

    /// The state, for a rule about what the past means.
    #[track_caller]
    pub(crate) fn state(self) -> A {
        let state = A::default().fold(&self.past);
        assert_survives_snapshot(&state);
        state
    }
}

impl<A: Aggregate> Outcome<A> {
    #[track_caller]
    pub(crate) fn then(self, expected: impl IntoIterator<Item = A::Event>) {
        let expected: Vec<_> = expected.into_iter().collect();
        assert_eq!(self.result, Ok(expected.clone()));
        assert_survives_snapshot(&self.before);
        assert_survives_snapshot(&self.before.fold(&expected));
        expected.iter().for_each(assert_survives_storage);
    }

    #[track_caller]
    pub(crate) fn then_nothing(self) {
        self.then([]);
    }

    /// Whether anything happened at all.
    pub(crate) fn moved(&self) -> bool {
        self.result.as_ref().is_ok_and(|events| !events.is_empty())
    }

    #[track_caller]
    pub(crate) fn then_refused(self, expected: A::Refusal) {
        assert_eq!(self.result, Err(expected.clone()));
        let stored = serde_json::to_value(&expected).expect("a refusal serializes");
        assert_eq!(serde_json::from_value::<A::Refusal>(stored).expect("and comes back"), expected);
    }
}

#[track_caller]
fn assert_survives_snapshot<A: Aggregate>(state: &A) {
    let snapshot = serde_json::to_string(state).expect("a state serializes");
    assert_eq!(&serde_json::from_str::<A>(&snapshot).expect("a snapshot is readable"), state);
}

#[track_caller]
fn assert_survives_storage<E: DomainEvent>(event: &E) {
    let stored = encode(event).expect("an event encodes");
    let read = decode::<E>(&stored.event_type, stored.schema_version, &stored.payload);
    assert_eq!(&read.expect("a stored event decodes"), event);
}
