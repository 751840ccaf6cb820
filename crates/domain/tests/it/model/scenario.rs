//! What can happen in a search.

/// The parts of a world that differ from search to search.
#[derive(Debug, Clone)]
pub(super) struct Scenario {
    /// How much the transfer moves; the source holds 100.
    pub(super) cents: u64,
    /// Whether the target exists.
    pub(super) target_opened: bool,
    /// What people may do, each at most once, at any time, in any order.
    pub(super) clients: Vec<Client>,
    /// How many times the sweeper may come while messages are still on their way.
    pub(super) early_sweeps: u8,
    /// How many of the transfers' events may fail to reach the accounts.
    pub(super) losses: u8,
}

impl Default for Scenario {
    fn default() -> Self {
        Self { cents: 100, target_opened: true, clients: vec![], early_sweeps: 0, losses: 0 }
    }
}

/// Something that people do; it has no effect when the domain refuses it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Client {
    Cancel,
    Reverse,
    /// An operator has the pending step repeated.
    Retry,
    /// An operator gives up.
    Compensate,
    FreezeTarget,
    UnfreezeTarget,
    CloseTarget,
    CloseSource,
    /// Withdraws what the transfer brought.
    EmptyTarget,
    /// Keeps one cent of the source for somebody.
    PlaceHold,
    /// Pays out what is kept.
    CaptureHold,
    VoidHold,
}

/// A bug planted into the system, to see that the search would find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sabotage {
    None,
    RefundsWithoutAskingTheTarget,
    GivesUpUnderAnotherCommandId,
    RefundsACancellationAtOnce,
    ForgetsCommandIds,
    NeverSweeps,
}
