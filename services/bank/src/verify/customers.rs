//! The customers store by itself, and the vault beside it.

use std::collections::{BTreeMap, HashMap};

use customers::Discrepancy;
use domain::Aggregate;
use domain::customer::{Customer, CustomerEvent};
use event_store::{RecordedEvent, StreamId};
use uuid::Uuid;

use super::{Evidence, Finding, Invariant};

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

/// What the vault was found to differ in, of customers whose streams stood still from before it was read until after.
pub(super) fn have_their_keys(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let (before, after) = (lengths(&evidence.customers_before), lengths(&evidence.customers));
    for Discrepancy { customer, detail } in &evidence.vault {
        if before.get(customer) == after.get(customer) {
            let subject = StreamId::new(Customer::TYPE, *customer);
            findings.push(Finding::new(Invariant::VaultFitsTheEvents, subject, *detail));
        }
    }
}

fn lengths(events: &[RecordedEvent]) -> HashMap<Uuid, usize> {
    let mut lengths = HashMap::new();
    for event in events {
        *lengths.entry(event.stream.aggregate_id).or_default() += 1;
    }
    lengths
}
