//! What the service reads of what was ever written.

use domain::account::Account;
use service_kit::history::{History, Unread};

use crate::ABOUT;
use crate::subscriptions::{READS, Step};

/// It decides on accounts, and takes steps after the events of transfers.
#[must_use]
pub fn history() -> History {
    let step = || |event: &_| Step::after(event, event.recorded_at).map(drop).map_err(Unread::from);
    History::of(&ABOUT).folds::<Account>().subscribes(&READS, step)
}
