//! What the service reads of what was ever written.

use domain::bulk_transfer::BulkTransfer;
use domain::order::TransferOrder;
use domain::transfer::MoneyTransfer;
use event_store::RecordedEvent;
use service_kit::history::{History, Unread};

use crate::ABOUT;
use crate::subscriptions::{NextStep, READS};

/// It decides on transfers, bulks of them and orders for them, and takes steps after what it hears.
#[must_use]
pub fn history() -> History {
    let next = |event: &RecordedEvent| {
        let now = event.recorded_at;
        NextStep::after(event, now, now).map(drop).map_err(Unread::from)
    };
    History::of(&ABOUT)
        .folds::<MoneyTransfer>()
        .folds::<BulkTransfer>()
        .folds::<TransferOrder>()
        .subscribes(&READS, move || next)
}
