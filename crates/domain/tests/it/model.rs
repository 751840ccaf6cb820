//! The saga, searched exhaustively: every order in which the two services can act on it, however the messages
//! between them are delayed, repeated or lost, wherever a service crashes, whatever people do meanwhile.
//!
//! The search runs the real `decide`, `evolve`, saga lists and command ids. What it adds is a world of
//! event streams and how far each service has read them, and [`rules`] that hold in every one of its states.
//!
//! * An event that is committed and not yet read stands for all delays at once: a crash before the outbox was
//!   relayed, a broker that waits, a paused consumer.
//! * An event that was read may be read again at any time, in any order: an outbox that resends, a consumer that
//!   crashed before it stored its offset, a redriven dead letter.
//! * A transfer's event may never reach the accounts at all, a bounded number of times; the sweeper makes up for
//!   it. An account's answer is never lost, because it stays in the outbox until the topic has it.
//! * The clocks disagree: any debit or credit may be decided before the deadline or after it, and the sweeper may
//!   come early, a bounded number of times.

mod act;
mod follow_ups;
mod interner;
mod rules;
mod scenario;
mod search;
mod system;
mod world;

use std::collections::BTreeSet;

use domain::transfer::TransferStatus;

use scenario::{Client, Sabotage, Scenario};
use search::{Found, search};

use Client::{
    Cancel, CaptureHold, CloseSource, CloseTarget, Compensate, EmptyTarget, FreezeTarget, PlaceHold, Retry,
    Reverse, UnfreezeTarget, VoidHold,
};
use TransferStatus::{Cancelled, Completed, Failed};

/// Searches all of `scenario`, and demands that the transfer can end in each of `ends` and in no other way.
#[track_caller]
fn assert_safe(scenario: &Scenario, ends: &[TransferStatus]) -> Found {
    let found = search(scenario, Sabotage::None);
    if let Some(violation) = &found.violation {
        panic!("{violation}");
    }
    let reached: BTreeSet<_> = found.ends.iter().filter_map(|[transfer, ..]| *transfer).collect();
    assert_eq!(reached.into_iter().collect::<Vec<_>>(), ends, "the ends that are reached");
    found
}

#[track_caller]
fn assert_caught(scenario: &Scenario, sabotage: Sabotage) -> String {
    let found = search(scenario, sabotage);
    found.violation.expect("the search finds the planted bug").to_string()
}

#[test]
fn a_transfer_among_delays_repetitions_losses_and_sweeps() {
    let scenario = Scenario { early_sweeps: 3, losses: 2, ..Scenario::default() };
    let found = assert_safe(&scenario, &[Completed, Failed]);
    println!("undisturbed: {} states", found.states);
}

#[test]
fn a_transfer_that_is_cancelled() {
    let scenario = Scenario { clients: vec![Cancel], early_sweeps: 3, losses: 2, ..Scenario::default() };
    let found = assert_safe(&scenario, &[Completed, Failed, Cancelled]);
    println!("cancelled: {} states", found.states);
}

#[test]
fn a_transfer_whose_accounts_freeze_and_close_meanwhile() {
    let clients = vec![Cancel, FreezeTarget, UnfreezeTarget, CloseTarget, CloseSource];
    let scenario = Scenario { clients, early_sweeps: 1, losses: 1, ..Scenario::default() };
    let found = assert_safe(&scenario, &[Completed, Failed, Cancelled]);
    println!("frozen and closed: {} states", found.states);
}

/// Operators and the sweeper press for the same answers, and somebody cancels meanwhile.
#[test]
fn a_transfer_that_operators_retry_and_give_up() {
    let clients = vec![Cancel, Retry, Compensate, Retry];
    let scenario = Scenario { clients, early_sweeps: 1, losses: 1, ..Scenario::default() };
    let found = assert_safe(&scenario, &[Completed, Failed, Cancelled]);
    println!("intervened: {} states", found.states);
}

#[test]
fn a_transfer_of_more_than_there_is() {
    let clients = vec![Cancel];
    let scenario = Scenario { cents: 101, clients, early_sweeps: 2, losses: 1, ..Scenario::default() };
    let found = assert_safe(&scenario, &[Failed, Cancelled]);
    println!("overdrawn: {} states", found.states);
}

#[test]
fn a_transfer_from_an_account_that_keeps_money_for_others() {
    let clients = vec![PlaceHold, CaptureHold, VoidHold, CloseSource];
    let scenario = Scenario { clients, early_sweeps: 1, losses: 1, ..Scenario::default() };
    let found = assert_safe(&scenario, &[Completed, Failed]);
    println!("held: {} states", found.states);
}

#[test]
fn a_transfer_to_an_account_that_was_never_opened() {
    let clients = vec![Cancel, CloseSource];
    let scenario =
        Scenario { target_opened: false, clients, early_sweeps: 2, losses: 1, ..Scenario::default() };
    let found = assert_safe(&scenario, &[Failed, Cancelled]);
    println!("unopened: {} states", found.states);
}

#[test]
fn a_transfer_that_is_reversed_by_its_recipient_twice() {
    let clients = vec![Reverse, EmptyTarget, Reverse];
    let scenario = Scenario { clients, early_sweeps: 1, losses: 1, ..Scenario::default() };
    let found = assert_safe(&scenario, &[Completed, Failed]);
    assert!(found.ends.contains(&[Some(Completed), Some(Completed), None]));
    assert!(found.ends.contains(&[Some(Completed), Some(Failed), Some(Completed)]));
    assert!(found.ends.contains(&[Some(Completed), Some(Failed), Some(Failed)]));
    println!("reversed: {} states", found.states);
}

#[test]
fn a_reversal_that_cannot_arrive() {
    let clients = vec![Reverse, CloseSource, FreezeTarget];
    let scenario = Scenario { clients, early_sweeps: 1, losses: 1, ..Scenario::default() };
    let found = assert_safe(&scenario, &[Completed, Failed]);
    assert!(found.ends.contains(&[Some(Completed), Some(Completed), None]));
    assert!(found.ends.contains(&[Some(Completed), Some(Failed), None]));
    println!("reversal refused: {} states", found.states);
}

#[test]
fn refunding_without_asking_the_target_is_caught() {
    let scenario = Scenario { early_sweeps: 1, ..Scenario::default() };
    println!("{}", assert_caught(&scenario, Sabotage::RefundsWithoutAskingTheTarget));
}

#[test]
fn giving_up_under_another_command_id_is_caught() {
    let scenario = Scenario { early_sweeps: 1, ..Scenario::default() };
    println!("{}", assert_caught(&scenario, Sabotage::GivesUpUnderAnotherCommandId));
}

#[test]
fn refunding_a_cancellation_without_waiting_for_the_debits_answer_is_caught() {
    let scenario = Scenario { clients: vec![Cancel], ..Scenario::default() };
    println!("{}", assert_caught(&scenario, Sabotage::RefundsACancellationAtOnce));
}

#[test]
fn forgetting_command_ids_is_caught() {
    println!("{}", assert_caught(&Scenario::default(), Sabotage::ForgetsCommandIds));
}

#[test]
fn a_sweeper_that_never_comes_is_caught() {
    let scenario = Scenario { losses: 1, ..Scenario::default() };
    println!("{}", assert_caught(&scenario, Sabotage::NeverSweeps));
}
