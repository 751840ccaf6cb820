//! What the service reads of what was ever written.

use service_kit::history::History;

use crate::ABOUT;
use crate::audience::Parties;
use crate::listener::telling;
use crate::subscriptions::READS;

/// It tells others' servers of what it hears.
#[must_use]
pub fn history() -> History {
    History::of(&ABOUT).subscribes(&READS, || {
        let mut parties = Parties::default();
        move |event| telling(event, &mut parties)
    })
}
