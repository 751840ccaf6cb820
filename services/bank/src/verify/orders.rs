//! Orders beside the transfers that were made for them.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use domain::command_id::order_transfer_id;
use domain::ids::OrderId;
use domain::order::{DueDate, OrderDetails, OrderEvent};
use domain::text::Actor;
use domain::transfer::TransferDetails;
use event_store::RecordedEvent;
use uuid::Uuid;

use super::transfers::TransferRecord;
use super::{Finding, Invariant, streams};

/// What an order's events say has come due.
#[derive(Debug, Default)]
pub(super) struct OrderRecord {
    came_due: Vec<CameDue>,
    is_cancelled: bool,
}

#[derive(Debug)]
struct CameDue {
    owner: Actor,
    order: OrderDetails,
    due: DueDate,
    transfer: Uuid,
    recorded_at: DateTime<Utc>,
    after_the_end: bool,
}

pub(super) fn read(events: &[RecordedEvent], findings: &mut Vec<Finding>) -> BTreeMap<Uuid, OrderRecord> {
    streams::read(events, findings, |record: &mut OrderRecord, _, event| record.take(event))
}

impl OrderRecord {
    fn take(&mut self, event: OrderEvent) {
        match event {
            OrderEvent::TransferOrderPlaced { .. } => {}
            OrderEvent::TransferOrderCancelled { .. } => self.is_cancelled = true,
            OrderEvent::TransferDue { owner, order, due, transfer_id, at, .. } => {
                let (transfer, after_the_end) = (transfer_id.0, self.is_cancelled);
                self.came_due.push(CameDue { owner, order, due, transfer, recorded_at: at, after_the_end });
            }
        }
    }
}

/// Due dates that came, whose transfers are not created yet.
pub(super) fn on_their_way(
    orders: &BTreeMap<Uuid, OrderRecord>,
    transfers: &BTreeMap<Uuid, TransferRecord>,
) -> usize {
    let came_due = orders.values().flat_map(|order| &order.came_due);
    came_due.filter(|came| created(transfers, came.transfer).is_none()).count()
}

/// `transfers` was read before `orders`, so that every transfer must have its due date there; a transfer may still be on
/// its way for a due date that was recorded after `overdue_since`.
pub(super) fn have_their_transfers(
    orders: &BTreeMap<Uuid, OrderRecord>,
    transfers: &BTreeMap<Uuid, TransferRecord>,
    overdue_since: DateTime<Utc>,
    findings: &mut Vec<Finding>,
) {
    let mut report = |order: Uuid, detail: String| {
        let subject = format!("transfer-order/{order}");
        findings.push(Finding::new(Invariant::DueDatesHaveTransfers, subject, detail));
    };
    let mut asked_for: HashSet<Uuid> = HashSet::new();
    for (id, order) in orders {
        for (came, number) in order.came_due.iter().zip(1..) {
            asked_for.insert(came.transfer);
            if let Some(detail) = wrong_due_date(*id, came, number) {
                report(*id, detail);
            }
            match created(transfers, came.transfer) {
                Some(details) if !is_of(details, came) => {
                    report(*id, format!("its transfer {} moves something else", came.transfer));
                }
                None if came.recorded_at < overdue_since => {
                    report(*id, format!("was due on {} and has no transfer", came.due.date));
                }
                _ => {}
            }
        }
        if order.came_due.windows(2).any(|pair| pair[0].due.date >= pair[1].due.date) {
            report(*id, "its due dates are not one after the other".to_owned());
        }
    }
    for (id, transfer) in transfers {
        let order = transfer.details().and_then(|details| details.order_id);
        if let Some(order) = order.filter(|_| !asked_for.contains(id)) {
            report(order.0, format!("transfer {id} names it, and it was not due"));
        }
    }
}

fn wrong_due_date(order: Uuid, came: &CameDue, number: u32) -> Option<String> {
    let date = came.due.date;
    if came.due.number != number {
        return Some(format!("due date {number} is recorded as number {}", came.due.number));
    }
    if came.after_the_end {
        return Some(format!("was due on {date} after it was cancelled"));
    }
    let expected = order_transfer_id(OrderId(order), date).0;
    (came.transfer != expected).then(|| format!("has transfer {} for {date}, not {expected}", came.transfer))
}

fn created(transfers: &BTreeMap<Uuid, TransferRecord>, id: Uuid) -> Option<&TransferDetails> {
    transfers.get(&id).and_then(TransferRecord::details)
}

fn is_of(transfer: &TransferDetails, came: &CameDue) -> bool {
    transfer.order_id == Some(came.order.order_id)
        && transfer.from_account_id == came.order.from_account_id
        && transfer.to_account_id == came.order.to_account_id
        && transfer.money == came.order.money
        && transfer.actor.as_ref() == Some(&came.owner)
}
