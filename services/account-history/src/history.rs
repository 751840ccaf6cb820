//! What the service reads of what was ever written.

use service_kit::history::{History, Unread};

use crate::ABOUT;
use crate::subscriptions::READS;
use crate::view::{ReplayError, Views};

/// It folds accounts and transfers into views.
#[must_use]
pub fn history() -> History {
    History::of(&ABOUT).subscribes(&READS, || {
        let mut views = Views::default();
        move |event| {
            views.fold(event).map_err(|error| match error {
                ReplayError::Codec { source, .. } => Unread::Codec(source),
                ReplayError::Order { reason, .. } => Unread::Unfit(reason),
            })
        }
    })
}
