//! A store's streams, read from their events: the same for whatever is made of them.

use std::collections::{BTreeMap, HashMap};

use domain::{Aggregate, DomainEvent};
use event_store::RecordedEvent;
use uuid::Uuid;

use super::{Finding, Invariant};

/// What `take` makes of each stream's events and their versions, by aggregate. An event that is missing or cannot be read
/// is a finding, and left out.
pub(super) fn read<E: DomainEvent, R: Default>(
    events: &[RecordedEvent],
    findings: &mut Vec<Finding>,
    take: impl Fn(&mut R, i64, E),
) -> BTreeMap<Uuid, R> {
    let mut records: BTreeMap<Uuid, R> = BTreeMap::new();
    let mut versions: HashMap<Uuid, i64> = HashMap::new();
    for event in events {
        let version = versions.entry(event.stream.aggregate_id).or_default();
        *version += 1;
        if event.version.0 != *version {
            let detail = format!("version {version} is missing: the next event is version {}", event.version);
            findings.push(Finding::new(Invariant::StreamsAreWhole, &event.stream, detail));
            *version = event.version.0;
        }
        let record = records.entry(event.stream.aggregate_id).or_default();
        match event.decode::<E>() {
            Ok(decoded) => take(record, event.version.0, decoded),
            Err(error) => findings.push(Finding::new(
                Invariant::StreamsAreWhole,
                &event.stream,
                format!("version {} cannot be read: {error}", event.version),
            )),
        }
    }
    records
}

/// The aggregates, folded as their service folds them.
pub(super) fn fold<A: Aggregate>(events: &[RecordedEvent], findings: &mut Vec<Finding>) -> BTreeMap<Uuid, A> {
    read(events, findings, |state: &mut A, _, event: A::Event| {
        *state = std::mem::take(state).evolve(&event);
    })
}
