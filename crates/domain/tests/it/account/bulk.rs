//! The source's part in a bulk transfer: all lines are debited, or none is.

use domain::account::{Account, AccountCommand, AccountEvent};
use domain::bulk_transfer::BulkDetails;
use domain::money::MAX_MINOR_UNITS;
use domain::transfer::RefusalReason;

use crate::fixtures::*;
use crate::given::given;

fn debit(bulk: BulkDetails) -> AccountCommand {
    AccountCommand::DebitLines { bulk, now: noon() }
}

#[track_caller]
fn refuses(past: impl IntoIterator<Item = AccountEvent>, bulk: BulkDetails, reason: RefusalReason) {
    given::<Account>(past).when(debit(bulk)).then([lines_debit_rejected(reason)]);
}

fn limited_to(cents: u64) -> AccountEvent {
    let limit = Some(amount(cents));
    AccountEvent::DailyTransferLimitSet { limit, currency: currency("USD"), at: noon() }
}

#[test]
fn all_lines_are_debited_by_one_event() {
    given::<Account>([opened(), deposited(100)])
        .when(debit(bulk(&[30, 20, 5])))
        .then([lines_debited(&[30, 20, 5], 45)]);
    let account = given::<Account>([opened(), deposited(100), lines_debited(&[30, 20, 5], 45)]).state();
    assert_eq!(account.balance(), balance(45));
}

#[test]
fn the_sum_of_the_lines_must_be_there_to_the_last_cent() {
    let past = || [opened(), deposited(100)];
    given::<Account>(past()).when(debit(bulk(&[60, 40]))).then([lines_debited(&[60, 40], 0)]);
    refuses(past(), bulk(&[60, 41]), RefusalReason::InsufficientFunds);
}

#[test]
fn a_sum_beyond_every_number_is_more_than_there_is() {
    refuses(
        [opened(), deposited(100)],
        bulk(&[MAX_MINOR_UNITS, MAX_MINOR_UNITS]),
        RefusalReason::InsufficientFunds,
    );
    refuses([opened(), deposited(100)], bulk(&[MAX_MINOR_UNITS; 100]), RefusalReason::InsufficientFunds);
    let full = AccountEvent::AccountDeposited {
        money: usd(MAX_MINOR_UNITS),
        memo: None,
        balance: balance(MAX_MINOR_UNITS),
        at: noon(),
    };
    refuses([opened(), full], bulk(&[MAX_MINOR_UNITS, 1]), RefusalReason::InsufficientFunds);
}

#[test]
fn what_is_held_is_kept_and_what_may_be_owed_is_there() {
    let held = || [opened(), deposited(100), hold_placed(HOLD, 50)];
    given::<Account>(held()).when(debit(bulk(&[30, 20]))).then([lines_debited(&[30, 20], 50)]);
    refuses(held(), bulk(&[30, 21]), RefusalReason::InsufficientFunds);
    let overdraft =
        AccountEvent::OverdraftLimitSet { limit: amount_or_zero(10), currency: currency("USD"), at: noon() };
    let past = || [opened(), deposited(40), overdraft.clone()];
    given::<Account>(past()).when(debit(bulk(&[30, 20]))).then([lines_debited(&[30, 20], -10)]);
    refuses(past(), bulk(&[30, 21]), RefusalReason::InsufficientFunds);
}

#[test]
fn the_lines_of_a_day_stay_within_the_limit_together() {
    let past = || [opened(), deposited(1_000), limited_to(100)];
    given::<Account>(past()).when(debit(bulk(&[60, 40]))).then([lines_debited(&[60, 40], 900)]);
    refuses(past(), bulk(&[60, 41]), RefusalReason::LimitExceeded);
    refuses(
        [opened(), deposited(1_000), limited_to(100), debited(60, 940)],
        bulk(&[20, 21]),
        RefusalReason::LimitExceeded,
    );
}

#[test]
fn a_line_that_is_taken_back_gives_its_own_room_back() {
    let taken_back = AccountEvent::AccountDebitReversed {
        transfer_id: line(1, 40).transfer_id,
        money: usd(40),
        reason: RefusalReason::AccountClosed.into(),
        balance: balance(940),
        at: at(1),
    };
    let past = || {
        vec![opened(), deposited(1_000), limited_to(100), lines_debited(&[60, 40], 900), taken_back.clone()]
    };
    given::<Account>(past()).when(debit(bulk(&[39, 1]))).then([lines_debited(&[39, 1], 900)]);
    refuses(past(), bulk(&[39, 2]), RefusalReason::LimitExceeded);
}

#[test]
fn whatever_stops_a_transfer_stops_all_lines() {
    refuses([], bulk(&[1, 1]), RefusalReason::AccountNotFound);
    refuses([opened(), deposited(100), frozen()], bulk(&[1, 1]), RefusalReason::AccountFrozen);
    refuses([opened(), closed()], bulk(&[1, 1]), RefusalReason::AccountClosed);
    let euros = BulkDetails { currency: currency("EUR"), ..bulk(&[1, 1]) };
    refuses([opened(), deposited(100)], euros, RefusalReason::CurrencyMismatch);
    let late = BulkDetails { deadline: noon(), ..bulk(&[1, 1]) };
    refuses([opened(), deposited(100)], late, RefusalReason::DeadlineExceeded);
    let mut to_itself = bulk(&[1, 1]);
    to_itself.lines[1].to_account_id = ALICES;
    refuses([opened(), deposited(100)], to_itself, RefusalReason::SameAccount);
}

#[test]
fn to_an_outsider_a_foreign_account_is_not_there() {
    let by_mallory = || BulkDetails { actor: Some(actor("mallory")), ..bulk(&[30, 20]) };
    refuses([opened(), deposited(100)], by_mallory(), RefusalReason::AccountNotFound);
    refuses([opened(), frozen()], by_mallory(), RefusalReason::AccountNotFound);
    for actor in [Some(operator()), None] {
        let bulk = BulkDetails { actor, ..bulk(&[30, 20]) };
        given::<Account>([opened(), deposited(100)]).when(debit(bulk)).then([lines_debited(&[30, 20], 50)]);
    }
}

#[test]
fn giving_up_is_a_refusal_in_any_state() {
    let reason = RefusalReason::DeadlineExceeded;
    for past in [vec![], vec![opened(), deposited(100)], vec![opened(), frozen()], vec![opened(), closed()]] {
        let give_up = AccountCommand::RefuseDebitLines { bulk_id: BULK, reason };
        given::<Account>(past).when(give_up).then([lines_debit_rejected(reason)]);
    }
}

#[test]
fn a_refusal_changes_nothing_about_the_account() {
    let rejected = lines_debit_rejected(RefusalReason::InsufficientFunds);
    let before = given::<Account>([opened(), deposited(100)]).state();
    assert_eq!(given::<Account>([opened(), deposited(100), rejected]).state(), before);
}
