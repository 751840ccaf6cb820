//! The keys of a partition that do not simply flow, and when each is due.

use std::collections::{BTreeSet, VecDeque};

use tokio::time::Instant;

use crate::message::Delivery;

/// Why a key does not flow.
pub(super) enum KeyState {
    /// Its first message is tried again, now or later; the others wait in memory.
    Retrying(Retrying),
    /// Its messages are among the letters, and later ones follow them there.
    Parked(Parked),
    /// Its letters are being replayed; what arrives is held until that has ended.
    Recovering { held: VecDeque<Delivery>, attempt: u32 },
}

#[derive(Default)]
pub(super) struct Retrying {
    pub(super) queue: VecDeque<Delivery>,
    /// How often the first message failed.
    pub(super) attempt: u32,
}

pub(super) struct Parked {
    /// Whether a recovery is on the agenda.
    pub(super) scheduled: bool,
    /// How often a recovery had to be given up.
    pub(super) attempt: u32,
}

impl KeyState {
    pub(super) fn attempt(&self) -> u32 {
        match self {
            Self::Retrying(Retrying { attempt, .. })
            | Self::Parked(Parked { attempt, .. })
            | Self::Recovering { attempt, .. } => *attempt,
        }
    }
}

/// Keys by the time when they are due.
#[derive(Default)]
pub(super) struct Agenda(BTreeSet<(Instant, String)>);

impl Agenda {
    pub(super) fn add(&mut self, due: Instant, key: &str) {
        self.0.insert((due, key.to_owned()));
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.0.first().map(|(due, _)| *due)
    }

    pub(super) fn pop_due(&mut self, now: Instant) -> Option<String> {
        (self.next()? <= now).then(|| self.0.pop_first()).flatten().map(|(_, key)| key)
    }
}
