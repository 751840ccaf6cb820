//! The customers store by itself, and the vault beside it.

use std::collections::{BTreeMap, HashMap};

use customers::Discrepancy;
use domain::Aggregate;
use domain::customer::Customer;
use event_store::{RecordedEvent, StreamId};
use uuid::Uuid;

use super::{Evidence, Finding, Invariant, streams};

/// Customers folded from their own events; what is sealed stays sealed.
pub(super) fn read(events: &[RecordedEvent], findings: &mut Vec<Finding>) -> BTreeMap<Uuid, Customer> {
    streams::fold(events, findings)
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
