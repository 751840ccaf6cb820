//! The topics beside the stores.

use std::collections::{HashMap, HashSet};

use event_store::{RecordedEvent, StreamId};
use uuid::Uuid;

use super::{Evidence, Finding, Invariant};

/// Every event that was stored before the topics were read is in its topic or still in the outbox; every message
/// is an event that was stored by the time the stores were read again; and the first occurrences of a stream's
/// versions are in order.
pub(super) fn equal_the_stores(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let published: HashMap<Uuid, &RecordedEvent> =
        evidence.messages.iter().map(|message| (message.event_id, message)).collect();
    let stored: HashMap<Uuid, &RecordedEvent> =
        evidence.stored().map(|event| (event.event_id, event)).collect();

    for event in evidence.stored_before() {
        if !published.contains_key(&event.event_id) && !evidence.unpublished.contains(&event.event_id) {
            let detail = format!(
                "version {} ({}) is neither in the topic nor in the outbox",
                event.version, event.event_type
            );
            findings.push(Finding::new(Invariant::TopicEqualsStore, &event.stream, detail));
        }
    }
    for message in published.values() {
        let detail = match stored.get(&message.event_id) {
            None => Some("is in the topic but not in the store"),
            Some(event) if event != message => Some("says something else in the topic than in the store"),
            Some(_) => None,
        };
        if let Some(detail) = detail {
            let detail = format!("version {} ({}) {detail}", message.version, message.event_type);
            findings.push(Finding::new(Invariant::TopicEqualsStore, &message.stream, detail));
        }
    }
    for message in &evidence.unreadable {
        findings.push(Finding::new(Invariant::TopicEqualsStore, message, "is no event of this bank"));
    }
    first_occurrences_in_order(&evidence.messages, findings);
}

fn first_occurrences_in_order(messages: &[RecordedEvent], findings: &mut Vec<Finding>) {
    let mut last: HashMap<&StreamId, i64> = HashMap::new();
    let mut seen: HashSet<Uuid> = HashSet::new();
    for message in messages {
        if !seen.insert(message.event_id) {
            continue;
        }
        let last = last.entry(&message.stream).or_default();
        if message.version.0 != *last + 1 {
            let detail = format!("version {} follows version {last} in the topic", message.version);
            findings.push(Finding::new(Invariant::TopicEqualsStore, &message.stream, detail));
        }
        *last = message.version.0;
    }
}
