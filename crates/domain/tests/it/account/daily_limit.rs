//! How much transfers may take out of an account in one day.

use chrono::{DateTime, TimeDelta, Utc};
use domain::account::{Account, AccountCommand, AccountEvent, AccountRefusal};
use domain::ids::TransferId;
use domain::transfer::{RefusalReason, TransferDetails};
use uuid::Uuid;

use crate::fixtures::*;
use crate::given::given;

fn set_by(name: &str, cents: Option<u64>) -> AccountCommand {
    let (actor, limit) = (actor(name), cents.map(amount));
    AccountCommand::SetDailyTransferLimit { actor, limit, currency: currency("USD"), now: noon() }
}

fn limit_set(cents: Option<u64>) -> AccountEvent {
    let limit = cents.map(amount);
    AccountEvent::DailyTransferLimitSet { limit, currency: currency("USD"), at: noon() }
}

/// The first moment of tomorrow.
fn midnight() -> DateTime<Utc> {
    noon() + TimeDelta::hours(12)
}

/// Another transfer than the first one.
fn next_debit_at(cents: u64, now: DateTime<Utc>) -> AccountCommand {
    let transfer_id = TransferId(Uuid::from_u128(0x8));
    let deadline = now + TimeDelta::minutes(1);
    let transfer = TransferDetails { transfer_id, deadline, ..transfer(usd(cents)) };
    AccountCommand::Debit { transfer, now }
}

fn reversed_at(cents: u64, after: u64, at: DateTime<Utc>) -> AccountEvent {
    AccountEvent::AccountDebitReversed {
        transfer_id: TRANSFER,
        money: usd(cents),
        reason: RefusalReason::AccountClosed.into(),
        balance: balance(after),
        at,
    }
}

#[track_caller]
fn accepts(past: Vec<AccountEvent>, cents: u64, now: DateTime<Utc>) {
    let outcome = given::<Account>(past.clone()).when(next_debit_at(cents, now));
    let account = given::<Account>(past).state();
    let after = account.balance().minor_units() - cents.cast_signed();
    outcome.then([AccountEvent::AccountDebited {
        transfer_id: TransferId(Uuid::from_u128(0x8)),
        owner: Some(alice()),
        from_account_id: ALICES,
        to_account_id: BOBS,
        money: usd(cents),
        memo: Some(memo("Rent")),
        balance: balance(after),
        at: now,
    }]);
}

#[track_caller]
fn rejects(past: Vec<AccountEvent>, cents: u64, now: DateTime<Utc>) {
    given::<Account>(past).when(next_debit_at(cents, now)).then([AccountEvent::AccountDebitRejected {
        transfer_id: TransferId(Uuid::from_u128(0x8)),
        reason: RefusalReason::LimitExceeded,
    }]);
}

/// 1000 cents, of which transfers may take 100 a day.
fn limited() -> [AccountEvent; 3] {
    [opened(), deposited(1000), limit_set(Some(100))]
}

fn with(more: impl IntoIterator<Item = AccountEvent>) -> Vec<AccountEvent> {
    limited().into_iter().chain(more).collect()
}

#[test]
fn the_owner_sets_the_first_limit_and_lowers_it() {
    given::<Account>([opened()]).when(set_by("alice", Some(100))).then([limit_set(Some(100))]);
    given::<Account>(limited()).when(set_by("alice", Some(99))).then([limit_set(Some(99))]);
}

#[test]
fn only_an_operator_raises_or_removes_it() {
    for limit in [Some(101), None] {
        given::<Account>(limited()).when(set_by("alice", limit)).then_refused(AccountRefusal::Forbidden);
        given::<Account>(limited()).when(set_by("operator:olive", limit)).then([limit_set(limit)]);
    }
}

#[test]
fn the_limit_that_stands_changes_nothing() {
    given::<Account>(limited()).when(set_by("alice", Some(100))).then_nothing();
    given::<Account>([opened()]).when(set_by("alice", None)).then_nothing();
}

#[test]
fn a_frozen_accounts_limit_can_be_set_and_a_closed_ones_cannot() {
    given::<Account>([opened(), frozen()]).when(set_by("alice", Some(1))).then([limit_set(Some(1))]);
    given::<Account>([opened(), closed()])
        .when(set_by("alice", Some(1)))
        .then_refused(AccountRefusal::AccountClosed);
}

#[test]
fn a_limit_is_in_the_accounts_currency() {
    let refusal = AccountRefusal::CurrencyMismatch { account: currency("USD"), given: currency("EUR") };
    let euros = AccountCommand::SetDailyTransferLimit {
        actor: actor("alice"),
        limit: Some(amount(1)),
        currency: currency("EUR"),
        now: noon(),
    };
    given::<Account>([opened()]).when(euros).then_refused(refusal);
}

#[test]
fn the_debits_of_a_day_sum_up_to_the_limit_but_not_a_cent_beyond_it() {
    accepts(with([]), 100, noon());
    rejects(with([]), 101, noon());
    accepts(with([debited(60, 940)]), 40, at(1));
    rejects(with([debited(60, 940)]), 41, at(1));
}

#[test]
fn another_day_has_a_limit_of_its_own() {
    rejects(with([debited(60, 940)]), 41, midnight() - TimeDelta::microseconds(1));
    accepts(with([debited(60, 940)]), 100, midnight());
}

/// Otherwise a clock that is behind would have a day of its own.
#[test]
fn a_clock_that_is_behind_counts_what_the_others_debited() {
    accepts(with([debited(60, 940)]), 40, noon() - TimeDelta::days(1));
    rejects(with([debited(60, 940)]), 41, noon() - TimeDelta::days(1));
}

#[test]
fn a_debit_that_is_taken_back_the_same_day_gives_its_room_back() {
    let past = with([debited(60, 940), reversed_at(60, 1000, at(1))]);
    accepts(past.clone(), 100, at(2));
    rejects(past, 101, at(2));
}

#[test]
fn a_debit_that_is_taken_back_another_day_gives_that_day_nothing() {
    let first_tomorrow = AccountEvent::AccountDebited {
        transfer_id: TransferId(Uuid::from_u128(0x9)),
        owner: Some(alice()),
        from_account_id: ALICES,
        to_account_id: BOBS,
        money: usd(70),
        memo: None,
        balance: balance(870),
        at: midnight(),
    };
    let past = with([debited(60, 940), first_tomorrow, reversed_at(60, 930, midnight())]);
    accepts(past.clone(), 30, midnight());
    rejects(past, 31, midnight());
}

#[test]
fn what_was_debited_before_the_limit_was_set_counts_too() {
    let past = vec![opened(), deposited(1000), debited(60, 940), limit_set(Some(100))];
    accepts(past.clone(), 40, at(1));
    rejects(past, 41, at(1));
}

#[test]
fn a_new_limit_forgets_nothing_of_the_day() {
    let lowered = || with([debited(60, 940), limit_set(Some(80))]);
    accepts(lowered(), 20, at(1));
    rejects(lowered(), 21, at(1));
    let taken_back = with([debited(60, 940), limit_set(Some(80)), reversed_at(60, 1000, at(1))]);
    accepts(taken_back, 80, at(2));
    let set_again = with([debited(60, 940), limit_set(None), limit_set(Some(80))]);
    rejects(set_again, 21, at(1));
}

#[test]
fn without_a_limit_transfers_take_everything() {
    accepts(with([limit_set(None)]), 1000, noon());
    accepts(vec![opened(), deposited(1000)], 1000, noon());
}

#[test]
fn withdrawals_and_captures_are_no_transfers() {
    let withdraw =
        AccountCommand::Withdraw { actor: actor("alice"), money: usd(1000), memo: None, now: at(1) };
    assert!(given::<Account>(limited()).when(withdraw).moved());
    let captured = AccountEvent::HoldCaptured {
        hold_id: HOLD,
        money: usd(500),
        memo: None,
        balance: balance(500),
        at: at(1),
    };
    accepts(with([hold_placed(HOLD, 500), captured]), 100, at(1));
}

#[test]
fn too_little_money_is_said_first() {
    given::<Account>([opened(), deposited(10), limit_set(Some(5))]).when(next_debit_at(11, noon())).then([
        AccountEvent::AccountDebitRejected {
            transfer_id: TransferId(Uuid::from_u128(0x8)),
            reason: RefusalReason::InsufficientFunds,
        },
    ]);
}
