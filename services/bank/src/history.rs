//! What was ever written, and whether this program reads it: `bank history` and `bank sample`.

mod sample;

pub(crate) use sample::{SampleArgs, run as sample};

use service_kit::history::History;

use crate::cli::ABOUT;

/// What all five services read.
#[must_use]
pub fn history() -> History {
    History::of(&ABOUT)
        .and(accounts::history())
        .and(transfers::history())
        .and(customers::history())
        .and(account_history::history())
        .and(webhooks::history())
}
