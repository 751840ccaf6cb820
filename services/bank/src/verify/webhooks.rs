//! What webhooks told customers, beside what they may see by the events alone.

use std::collections::{HashMap, HashSet};

use domain::Aggregate;
use domain::account::AccountEvent;
use domain::customer::CustomerEvent;
use domain::text::{Actor, CustomerId};
use domain::transfer::{MoneyTransfer, TransferEvent};
use uuid::Uuid;

use super::{Evidence, Finding, Invariant};

/// Whoever was told of an event owns the account that it happened to, or may see the transfer as it was then; and
/// nobody who was erased has a webhook, once the erasure was heard of.
pub(super) fn tell_their_own(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let mut told: HashMap<Uuid, HashSet<&str>> = HashMap::new();
    for (customer, event) in &evidence.told.deliveries {
        told.entry(*event).or_default().insert(customer.as_str());
    }
    of_accounts(evidence, &mut told, findings);
    of_transfers(evidence, &mut told, findings);
    for (event, customers) in told {
        let detail = format!("{} customers were told of it, and it is no event of theirs", customers.len());
        findings.push(Finding::new(Invariant::WebhooksTellTheirOwn, event, detail));
    }
    if !evidence.webhooks_behind {
        of_nobody_who_was_erased(evidence, findings);
    }
}

fn of_accounts(evidence: &Evidence, told: &mut HashMap<Uuid, HashSet<&str>>, findings: &mut Vec<Finding>) {
    let mut owners: HashMap<Uuid, CustomerId> = HashMap::new();
    for event in &evidence.accounts {
        let account = event.stream.aggregate_id;
        if let Ok(AccountEvent::AccountOpened { customer_id, .. }) = event.decode() {
            owners.insert(account, customer_id);
        }
        for customer in told.remove(&event.event_id).unwrap_or_default() {
            if owners.get(&account).map(CustomerId::as_str) != Some(customer) {
                findings.push(not_theirs(&event.stream, event.version.0, customer));
            }
        }
    }
}

fn of_transfers(evidence: &Evidence, told: &mut HashMap<Uuid, HashSet<&str>>, findings: &mut Vec<Finding>) {
    let mut transfers: HashMap<Uuid, MoneyTransfer> = HashMap::new();
    for event in &evidence.transfers {
        let transfer = transfers.entry(event.stream.aggregate_id).or_default();
        if let Ok(happened) = event.decode::<TransferEvent>() {
            *transfer = std::mem::take(transfer).evolve(&happened);
        }
        for customer in told.remove(&event.event_id).unwrap_or_default() {
            let actor = Actor::try_from(customer.to_owned()).ok();
            let may_see =
                transfer.created().zip(actor).is_some_and(|(created, actor)| created.is_visible_to(&actor));
            if !may_see {
                findings.push(not_theirs(&event.stream, event.version.0, customer));
            }
        }
    }
}

fn of_nobody_who_was_erased(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let with_webhooks: HashSet<&str> = evidence.told.customers.iter().map(String::as_str).collect();
    let published =
        evidence.customers_before.iter().filter(|event| !evidence.unpublished.contains(&event.event_id));
    for event in published {
        let is_erasure = matches!(event.decode(), Ok(CustomerEvent::CustomerErased { .. }));
        if is_erasure && with_webhooks.contains(event.stream.aggregate_id.to_string().as_str()) {
            let detail = "was erased, and has a webhook";
            findings.push(Finding::new(Invariant::WebhooksTellTheirOwn, &event.stream, detail));
        }
    }
}

fn not_theirs(stream: &event_store::StreamId, version: i64, customer: &str) -> Finding {
    let detail = format!("the customer {customer} was told of version {version}, which is not theirs to see");
    Finding::new(Invariant::WebhooksTellTheirOwn, stream, detail)
}
