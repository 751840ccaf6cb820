//! The customers store by itself.

use std::collections::{BTreeMap, HashMap};

use domain::Aggregate;
use domain::customer::{Customer, CustomerEvent};
use event_store::RecordedEvent;
use uuid::Uuid;

use super::{Finding, Invariant};

/// Customers folded from their own events; what is sealed stays sealed.
pub(super) fn read(events: &[RecordedEvent], findings: &mut Vec<Finding>) -> BTreeMap<Uuid, Customer> {
    let mut customers: BTreeMap<Uuid, Customer> = BTreeMap::new();
    let mut versions: HashMap<Uuid, i64> = HashMap::new();
    for event in events {
        let version = versions.entry(event.stream.aggregate_id).or_default();
        *version += 1;
        if event.version.0 != *version {
            let detail = format!("version {version} is missing: the next event is version {}", event.version);
            findings.push(Finding::new(Invariant::StreamsAreWhole, &event.stream, detail));
            *version = event.version.0;
        }
        let customer = customers.entry(event.stream.aggregate_id).or_default();
        match event.decode::<CustomerEvent>() {
            Ok(decoded) => *customer = std::mem::take(customer).evolve(&decoded),
            Err(error) => findings.push(Finding::new(
                Invariant::StreamsAreWhole,
                &event.stream,
                format!("version {} cannot be read: {error}", event.version),
            )),
        }
    }
    customers
}
