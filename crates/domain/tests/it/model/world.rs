//! One state of the whole system: what is committed, what is read, and what may still go wrong.
//!
//! There is no state of an aggregate in it: aggregates are folded from their streams, as in the services.

/// Everything that makes two states of the system different.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct World {
    /// The source's stream and the target's.
    pub(super) accounts: [Stream; 2],
    /// The transfer's stream, and those of the transfers that reverse it.
    pub(super) transfers: [Stream; 3],
    /// The numbers of the command ids that have a result, sorted.
    pub(super) handled: Vec<u16>,
    /// Which of the scenario's clients have acted, a bit each.
    pub(super) clients_done: u16,
    pub(super) early_sweeps_left: u8,
    pub(super) losses_left: u8,
}

/// The events of one aggregate, and how many of them each service has read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Stream {
    /// Numbers of events.
    pub(super) events: Vec<u16>,
    /// Only the transfers' streams are read by the accounts service.
    pub(super) read_by_accounts: usize,
    pub(super) read_by_transfers: usize,
}

impl World {
    /// Whether every event has been read by everyone whom it concerns.
    pub(super) fn is_at_rest(&self) -> bool {
        let read_by_transfers = |stream: &Stream| stream.read_by_transfers == stream.events.len();
        let read_by_accounts = |stream: &Stream| stream.read_by_accounts == stream.events.len();
        self.accounts.iter().all(read_by_transfers)
            && self.transfers.iter().all(read_by_transfers)
            && self.transfers.iter().all(read_by_accounts)
    }

    pub(super) fn has_handled(&self, command_id: u16) -> bool {
        self.handled.binary_search(&command_id).is_ok()
    }

    pub(super) fn set_handled(&mut self, command_id: u16) {
        if let Err(place) = self.handled.binary_search(&command_id) {
            self.handled.insert(place, command_id);
        }
    }
}

impl Stream {
    pub(super) fn of(events: Vec<u16>) -> Self {
        Self { events, ..Self::default() }
    }

    /// The events that a reader can be given: those it has read, again, and the next one.
    pub(super) fn readable(&self, read: usize) -> std::ops::Range<usize> {
        0..self.events.len().min(read + 1)
    }
}
