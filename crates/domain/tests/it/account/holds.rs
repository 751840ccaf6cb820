//! Keeping money for somebody: placing, capturing, voiding and expiring holds.

use chrono::{DateTime, TimeDelta, Utc};
use domain::Aggregate;
use domain::account::{
    Account, AccountCommand, AccountEvent, AccountRefusal, AccountStatus, LONGEST_HOLD, MAX_OPEN_HOLDS,
};
use domain::ids::HoldId;
use domain::money::{Balance, Money};
use domain::transfer::RefusalReason;
use uuid::Uuid;

use crate::fixtures::*;
use crate::given::given;

fn place_until(money: Money, expires_at: DateTime<Utc>) -> AccountCommand {
    AccountCommand::PlaceHold {
        actor: actor("alice"),
        hold_id: HOLD,
        money,
        memo: Some(memo("Hotel")),
        expires_at,
        now: noon(),
    }
}

fn place(money: Money) -> AccountCommand {
    place_until(money, at(10))
}

fn capture_at(cents: Option<u64>, now: DateTime<Utc>) -> AccountCommand {
    AccountCommand::CaptureHold { actor: actor("alice"), hold_id: HOLD, amount: cents.map(amount), now }
}

fn capture(cents: Option<u64>) -> AccountCommand {
    capture_at(cents, at(1))
}

fn void_at(now: DateTime<Utc>) -> AccountCommand {
    AccountCommand::VoidHold { actor: actor("alice"), hold_id: HOLD, now }
}

fn expire(now: DateTime<Utc>) -> AccountCommand {
    AccountCommand::ExpireHolds { now }
}

fn withdraw_at(cents: u64, now: DateTime<Utc>) -> AccountCommand {
    AccountCommand::Withdraw { actor: actor("alice"), money: usd(cents), memo: None, now }
}

fn close_at(now: DateTime<Utc>) -> AccountCommand {
    AccountCommand::Close { actor: actor("alice"), reason: None, now }
}

fn captured(cents: u64, after: u64) -> AccountEvent {
    AccountEvent::HoldCaptured {
        hold_id: HOLD,
        money: usd(cents),
        memo: Some(memo("Hotel")),
        balance: balance(after),
        at: at(1),
    }
}

fn voided(cents: u64) -> AccountEvent {
    AccountEvent::HoldVoided { hold_id: HOLD, money: usd(cents), at: at(1) }
}

fn placed_by_operator() -> AccountEvent {
    AccountEvent::HoldPlaced {
        hold_id: HOLD,
        money: usd(60),
        memo: None,
        by_owner: false,
        expires_at: at(10),
        at: noon(),
    }
}

fn other(number: u128) -> HoldId {
    HoldId(Uuid::from_u128(number))
}

/// 100 cents, of which 60 are held until ten past twelve.
fn held() -> [AccountEvent; 3] {
    [opened(), deposited(100), hold_placed(HOLD, 60)]
}

fn with(more: impl IntoIterator<Item = AccountEvent>) -> Vec<AccountEvent> {
    held().into_iter().chain(more).collect()
}

#[track_caller]
fn available(past: Vec<AccountEvent>, now: DateTime<Utc>) -> Balance {
    let account = given::<Account>(past).state();
    account.opened().expect("an opened account").available(now)
}

#[test]
fn a_hold_leaves_the_balance_and_takes_from_what_is_available() {
    given::<Account>([opened(), deposited(100)]).when(place(usd(60))).then([hold_placed(HOLD, 60)]);
    let account = given::<Account>(held()).state();
    assert_eq!(account.balance(), balance(100));
    assert_eq!(available(held().into(), at(1)), balance(40));
}

#[test]
fn an_operator_may_place_a_hold_too() {
    let by_operator = AccountCommand::PlaceHold {
        actor: operator(),
        hold_id: HOLD,
        money: usd(60),
        memo: None,
        expires_at: at(10),
        now: noon(),
    };
    given::<Account>([opened(), deposited(100)]).when(by_operator).then([placed_by_operator()]);
}

#[test]
fn what_is_held_is_not_there_for_other_holds() {
    let again = |cents| AccountCommand::PlaceHold {
        actor: actor("alice"),
        hold_id: other(2),
        money: usd(cents),
        memo: Some(memo("Hotel")),
        expires_at: at(10),
        now: noon(),
    };
    given::<Account>(held()).when(again(40)).then([hold_placed(other(2), 40)]);
    given::<Account>(held())
        .when(again(41))
        .then_refused(AccountRefusal::InsufficientFunds { available: balance(40), requested: amount(41) });
}

#[test]
fn what_is_held_is_not_there_for_withdrawals() {
    assert!(given::<Account>(held()).when(withdraw_at(40, at(1))).moved());
    given::<Account>(held())
        .when(withdraw_at(41, at(1)))
        .then_refused(AccountRefusal::InsufficientFunds { available: balance(40), requested: amount(41) });
}

#[test]
fn what_is_held_is_not_there_for_debits() {
    let debit = |cents| AccountCommand::Debit { transfer: transfer(usd(cents)), now: noon() };
    given::<Account>(held()).when(debit(40)).then([debited(40, 60)]);
    given::<Account>(held()).when(debit(41)).then([debit_rejected(RefusalReason::InsufficientFunds)]);
}

#[test]
fn a_hold_expires_later_than_now_and_at_most_31_days_later() {
    let usable = || given::<Account>([opened(), deposited(100)]);
    assert!(usable().when(place_until(usd(1), noon() + TimeDelta::seconds(1))).moved());
    assert!(usable().when(place_until(usd(1), noon() + LONGEST_HOLD)).moved());
    assert_eq!(LONGEST_HOLD, TimeDelta::days(31));
    let too_long = noon() + LONGEST_HOLD + TimeDelta::microseconds(1);
    for expires_at in [at(-1), noon(), too_long, DateTime::<Utc>::MAX_UTC, DateTime::<Utc>::MIN_UTC] {
        usable().when(place_until(usd(1), expires_at)).then_refused(AccountRefusal::InvalidExpiry);
    }
}

#[test]
fn an_expiry_is_kept_to_the_microsecond() {
    given::<Account>([opened(), deposited(100)])
        .when(place_until(usd(60), at(10) + TimeDelta::nanoseconds(999)))
        .then([hold_placed(HOLD, 60)]);
    given::<Account>([opened(), deposited(100)])
        .when(place_until(usd(60), noon() + TimeDelta::nanoseconds(999)))
        .then_refused(AccountRefusal::InvalidExpiry);
}

#[test]
fn open_holds_are_bounded() {
    let full = || {
        let holds = (1..=MAX_OPEN_HOLDS as u128).map(|number| hold_placed(other(number), 1));
        [opened(), deposited(1000)].into_iter().chain(holds)
    };
    given::<Account>(full()).when(place(usd(1))).then_refused(AccountRefusal::TooManyHolds);
    let last_but_one = full().take(1 + MAX_OPEN_HOLDS);
    given::<Account>(last_but_one).when(place(usd(1))).then([hold_placed(HOLD, 1)]);
    // Past their expiry they count no longer.
    let later = AccountCommand::PlaceHold {
        actor: actor("alice"),
        hold_id: HOLD,
        money: usd(1000),
        memo: None,
        expires_at: at(20),
        now: at(10),
    };
    assert!(given::<Account>(full()).when(later).moved());
}

#[test]
fn a_hold_is_placed_once() {
    given::<Account>(held()).when(place(usd(1))).then_refused(AccountRefusal::HoldExists);
    given::<Account>(with([hold_expired(HOLD, 60)]))
        .when(place(usd(1)))
        .then_refused(AccountRefusal::HoldExists);
}

#[test]
fn a_hold_is_of_the_accounts_currency() {
    let refusal = AccountRefusal::CurrencyMismatch { account: currency("USD"), given: currency("EUR") };
    given::<Account>([opened(), deposited(100)]).when(place(eur(1))).then_refused(refusal);
}

#[test]
fn a_hold_is_captured_as_a_whole_unless_less_is_asked_for() {
    given::<Account>(held()).when(capture(None)).then([captured(60, 40)]);
    given::<Account>(held()).when(capture(Some(60))).then([captured(60, 40)]);
    given::<Account>(held()).when(capture(Some(15))).then([captured(15, 85)]);
    given::<Account>(held())
        .when(capture(Some(61)))
        .then_refused(AccountRefusal::ExceedsHold { held: amount(60), requested: amount(61) });
}

#[test]
fn what_a_capture_leaves_of_a_hold_is_free_again() {
    assert_eq!(available(with([captured(15, 85)]), at(1)), balance(85));
}

#[test]
fn a_hold_is_captured_once() {
    given::<Account>(with([captured(15, 85)])).when(capture(None)).then_refused(AccountRefusal::HoldNotFound);
    given::<Account>([opened()]).when(capture(None)).then_refused(AccountRefusal::HoldNotFound);
}

#[test]
fn a_voided_hold_is_free_again() {
    given::<Account>(held()).when(void_at(at(1))).then([voided(60)]);
    assert_eq!(available(with([voided(60)]), at(1)), balance(100));
    given::<Account>(with([voided(60)])).when(capture(None)).then_refused(AccountRefusal::HoldNotFound);
    given::<Account>(with([voided(60)])).when(void_at(at(1))).then_refused(AccountRefusal::HoldNotFound);
}

#[test]
fn a_hold_counts_no_longer_from_its_expiry_on() {
    assert_eq!(available(held().into(), at(10) - TimeDelta::microseconds(1)), balance(40));
    assert_eq!(available(held().into(), at(10)), balance(100));
    assert!(given::<Account>(held()).when(withdraw_at(100, at(10))).moved());
}

#[test]
fn an_expired_hold_is_not_captured_whether_or_not_that_is_recorded() {
    for past in [held().into(), with([hold_expired(HOLD, 60)])] {
        given::<Account>(past).when(capture_at(None, at(10))).then_refused(AccountRefusal::HoldExpired);
    }
}

#[test]
fn nothing_is_left_to_void_of_an_expired_hold() {
    for past in [held().into(), with([hold_expired(HOLD, 60)])] {
        given::<Account>(past).when(void_at(at(10))).then_nothing();
    }
}

#[test]
fn every_hold_past_its_expiry_is_recorded_once() {
    let longer = AccountEvent::HoldPlaced {
        hold_id: other(3),
        money: usd(5),
        memo: None,
        by_owner: true,
        expires_at: at(11),
        at: noon(),
    };
    let past = with([hold_placed(other(2), 7), longer]);
    given::<Account>(past.clone()).when(expire(at(9))).then_nothing();
    let expired = [hold_expired(other(2), 7), hold_expired(HOLD, 60)];
    given::<Account>(past.clone()).when(expire(at(10))).then(expired.clone());
    given::<Account>(past.into_iter().chain(expired)).when(expire(at(10))).then_nothing();
    given::<Account>([]).when(expire(at(10))).then_refused(AccountRefusal::AccountNotFound);
}

#[test]
fn an_account_is_due_at_the_first_expiry_of_its_holds() {
    let sooner = AccountEvent::HoldPlaced {
        hold_id: other(2),
        money: usd(5),
        memo: None,
        by_owner: true,
        expires_at: at(5),
        at: noon(),
    };
    assert_eq!(given::<Account>([opened(), deposited(100)]).state().deadline(), None);
    assert_eq!(given::<Account>(held()).state().deadline(), Some(at(10)));
    assert_eq!(given::<Account>(with([sooner])).state().deadline(), Some(at(5)));
    for ended in [captured(60, 40), voided(60), hold_expired(HOLD, 60)] {
        assert_eq!(given::<Account>(with([ended])).state().deadline(), None);
    }
}

#[test]
fn the_expired_holds_that_are_remembered_are_bounded() {
    let many = 1..=MAX_OPEN_HOLDS as u128 + 1;
    let expired = many.flat_map(|number| [hold_placed(other(number), 1), hold_expired(other(number), 1)]);
    let past: Vec<_> = [opened(), deposited(100)].into_iter().chain(expired).collect();
    let capture = |number| AccountCommand::CaptureHold {
        actor: actor("alice"),
        hold_id: other(number),
        amount: None,
        now: at(10),
    };
    given::<Account>(past.clone()).when(capture(2)).then_refused(AccountRefusal::HoldExpired);
    given::<Account>(past).when(capture(1)).then_refused(AccountRefusal::HoldNotFound);
}

#[test]
fn a_frozen_account_neither_places_nor_captures_and_lets_go_of_what_it_holds() {
    let frozen_with_hold = || with([frozen()]);
    given::<Account>([opened(), deposited(100), frozen()])
        .when(place(usd(1)))
        .then_refused(AccountRefusal::AccountFrozen);
    given::<Account>(frozen_with_hold()).when(capture(None)).then_refused(AccountRefusal::AccountFrozen);
    given::<Account>(frozen_with_hold()).when(void_at(at(1))).then([voided(60)]);
    given::<Account>(frozen_with_hold()).when(expire(at(10))).then([hold_expired(HOLD, 60)]);
}

#[test]
fn an_account_with_an_open_hold_does_not_close_even_when_empty() {
    given::<Account>(held()).when(close_at(at(1))).then_refused(AccountRefusal::HoldsOpen { count: 1 });
}

#[test]
fn a_closing_account_records_what_is_past_its_expiry() {
    let withdrawn =
        AccountEvent::AccountWithdrawn { money: usd(100), memo: None, balance: balance(0), at: at(10) };
    let closed = AccountEvent::AccountClosed { reason: None, at: at(10) };
    given::<Account>(with([withdrawn.clone()]))
        .when(close_at(at(10)))
        .then([hold_expired(HOLD, 60), closed.clone()]);
    let after = given::<Account>(with([withdrawn, hold_expired(HOLD, 60), closed])).state();
    assert_eq!((after.status(), after.deadline()), (Some(AccountStatus::Closed), None));
}

#[test]
fn a_closed_account_holds_nothing() {
    let closed = || [opened(), closed()];
    given::<Account>(closed()).when(place(usd(1))).then_refused(AccountRefusal::AccountClosed);
    given::<Account>(closed()).when(capture(None)).then_refused(AccountRefusal::AccountClosed);
    given::<Account>(closed()).when(void_at(at(1))).then_refused(AccountRefusal::HoldNotFound);
    given::<Account>(closed()).when(expire(at(10))).then_nothing();
}

#[test]
fn what_an_operator_placed_only_an_operator_captures_or_voids() {
    let past = || [opened(), deposited(100), placed_by_operator()];
    given::<Account>(past()).when(capture(None)).then_refused(AccountRefusal::Forbidden);
    given::<Account>(past()).when(void_at(at(1))).then_refused(AccountRefusal::Forbidden);
    let (actor, hold_id, now) = (operator(), HOLD, at(1));
    let capture = AccountCommand::CaptureHold { actor: actor.clone(), hold_id, amount: None, now };
    assert!(given::<Account>(past()).when(capture).moved());
    given::<Account>(past()).when(AccountCommand::VoidHold { actor, hold_id, now }).then([voided(60)]);
}

/// One clock took the hold for expired, and its money was paid out; another one is behind.
#[test]
fn a_capture_never_overdraws_even_when_clocks_disagree() {
    let paid_out =
        AccountEvent::AccountWithdrawn { money: usd(90), memo: None, balance: balance(10), at: at(10) };
    given::<Account>(with([paid_out.clone()]))
        .when(capture(None))
        .then_refused(AccountRefusal::InsufficientFunds { available: balance(10), requested: amount(60) });
    given::<Account>(with([paid_out.clone()])).when(capture(Some(10))).then([captured(10, 0)]);
    assert_eq!(available(with([paid_out]), at(1)), balance(0));
}
