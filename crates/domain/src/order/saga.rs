//! What follows from an order's events: a due date that came has its transfer created.
//!
//! | event | command that follows | to |
//! |---|---|---|
//! | `TransferDue` | `Create` | the transfer |
//!
//! Nothing follows any other event. Doing it twice is harmless: the command's id depends on the order and the due date alone.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::OrderEvent;
use crate::command_id::{Step, step_command_id};
use crate::ids::TransferId;
use crate::transfer::{TransferCommand, TransferDetails};

/// The transfers service's list: the transfer that is created when `event` has happened to an order.
///
/// `now` is the time at which it is created, and `deadline` when it must have ended: both count from the creation and not
/// from the due date, so that a transfer that comes late has its full time.
#[must_use]
pub fn transfer_commands_after(
    event: &OrderEvent,
    now: DateTime<Utc>,
    deadline: DateTime<Utc>,
) -> Option<(TransferId, Uuid, TransferCommand)> {
    let OrderEvent::TransferDue { owner, order, transfer_id, .. } = event else {
        return None;
    };
    let details = TransferDetails {
        transfer_id: *transfer_id,
        from_account_id: order.from_account_id,
        to_account_id: order.to_account_id,
        money: order.money,
        memo: order.memo.clone(),
        actor: Some(owner.clone()),
        deadline,
        reversal_of: None,
        bulk_id: None,
        order_id: Some(order.order_id),
    };
    let command_id = step_command_id(*transfer_id, Step::CreateForOrder);
    Some((*transfer_id, command_id, TransferCommand::Create { details, now }))
}
