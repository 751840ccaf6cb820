//! Which events a command causes, or why it is refused.

use chrono::{DateTime, Utc};

use super::{
    OrderCommand as Command, OrderDetails, OrderEvent as Event, OrderRefusal as Refusal, OrderStatus,
    PlacedOrder, ScheduleRule, TransferOrder,
};
use crate::command_id::order_transfer_id;
use crate::text::{Actor, Memo};

/// How many due dates one command records. Whoever was away for longer asks again: until then the next one stays in the
/// past.
pub const MOST_AT_ONCE: usize = 20;

pub(super) fn decide(order: &TransferOrder, command: &Command) -> Result<Vec<Event>, Refusal> {
    if let Command::Place { owner, order: details, now } = command {
        return place(order, owner, details, *now);
    }
    let order = order.placed().ok_or(Refusal::TransferOrderNotFound)?;
    match command {
        Command::Place { .. } => Err(Refusal::AlreadyPlaced),
        Command::ComeDue { now } => Ok(come_due(order, *now)),
        Command::Cancel { actor, reason, now } => cancel(order, actor, reason, *now),
    }
}

/// Placing the same order again is not a second one.
fn place(
    order: &TransferOrder,
    owner: &Actor,
    details: &OrderDetails,
    at: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    match order.placed() {
        Some(placed) if placed.details == *details && placed.owner == *owner => return Ok(vec![]),
        Some(_) => return Err(Refusal::AlreadyPlaced),
        None => {}
    }
    if details.from_account_id == details.to_account_id {
        return Err(Refusal::SameAccount);
    }
    let invalid = |rule| Refusal::InvalidSchedule { rule };
    details.schedule.check().map_err(invalid)?;
    let next = details.schedule.due(1).ok_or(invalid(ScheduleRule::StartTooFar))?;
    if next.at <= at {
        return Err(Refusal::StartPassed);
    }
    Ok(vec![Event::TransferOrderPlaced { owner: owner.clone(), order: details.clone(), next, at }])
}

/// Every due date that has come, in order, each with the instant that was said when the one before it came.
fn come_due(order: &PlacedOrder, now: DateTime<Utc>) -> Vec<Event> {
    let mut events = Vec::new();
    let mut coming = order.next;
    while let Some(due) = coming.filter(|due| due.at <= now && events.len() < MOST_AT_ONCE) {
        coming = order.details.schedule.due_after(due);
        events.push(Event::TransferDue {
            owner: order.owner.clone(),
            order: order.details.clone(),
            due,
            transfer_id: order_transfer_id(order.details.order_id, due.date),
            next: coming,
            at: now,
        });
    }
    events
}

fn cancel(
    order: &PlacedOrder,
    actor: &Actor,
    reason: &Option<Memo>,
    at: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    if !order.is_of(actor) {
        return Err(Refusal::TransferOrderNotFound);
    }
    match order.status {
        OrderStatus::Active => Ok(vec![Event::TransferOrderCancelled { reason: reason.clone(), at }]),
        OrderStatus::Cancelled => Ok(vec![]),
        OrderStatus::Completed => Err(Refusal::OrderCompleted),
    }
}
