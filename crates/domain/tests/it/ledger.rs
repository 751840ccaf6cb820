//! Random histories of a small bank, checked against a plain ledger that shares no code with the domain.

mod bank;
mod book;
mod happening;

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, proptest};

use bank::Bank;
use book::Ledger;
use happening::any_happening;

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// After every step, each account holds what the ledger says, as much of it is available, and the account is in the
    /// state that the ledger says; in particular no balance is below its overdraft limit and none passes the largest. All of them together
    /// hold what came in.
    #[test]
    fn the_bank_agrees_with_a_plain_ledger(history in vec(any_happening(), 1..60)) {
        let (mut bank, mut ledger) = (Bank::default(), Ledger::default());
        for happening in &history {
            bank.happens(happening);
            ledger.happens(happening);
            assert_eq!(bank.statement(), ledger.statement(), "after {happening:?}");
            assert_eq!(bank.held(), ledger.paid_in(), "after {happening:?}");
        }
    }

    /// The state that a service keeps in memory and the one that it would load are the same at any time.
    #[test]
    fn a_replay_gives_the_state_that_was_kept(history in vec(any_happening(), 1..60)) {
        let mut bank = Bank::default();
        for happening in &history {
            bank.happens(happening);
            bank.assert_replays();
        }
    }
}
