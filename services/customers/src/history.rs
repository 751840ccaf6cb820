//! What the service reads of what was ever written.

use domain::Aggregate;
use domain::account::{Account, AccountEvent};
use domain::customer::Customer;
use event_store::RecordedEvent;
use service_kit::history::{History, Unread};

use crate::ABOUT;

/// It decides on customers, and keeps in mind which accounts there are.
#[must_use]
pub fn history() -> History {
    let read = |event: &RecordedEvent| event.decode::<AccountEvent>().map(drop).map_err(Unread::from);
    History::of(&ABOUT).folds::<Customer>().subscribes(&[Account::TYPE], move || read)
}
