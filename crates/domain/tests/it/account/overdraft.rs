//! How much an account may owe.

use domain::account::{Account, AccountCommand, AccountEvent, AccountRefusal, AccountStatus};
use domain::money::{Balance, MAX_MINOR_UNITS};
use domain::transfer::RefusalReason;

use crate::fixtures::*;
use crate::given::given;

fn set_by(name: &str, cents: u64) -> AccountCommand {
    let (actor, limit) = (actor(name), amount_or_zero(cents));
    AccountCommand::SetOverdraftLimit { actor, limit, currency: currency("USD"), now: at(1) }
}

fn set(cents: u64) -> AccountCommand {
    set_by("operator:olive", cents)
}

fn limit_set(cents: u64) -> AccountEvent {
    AccountEvent::OverdraftLimitSet { limit: amount_or_zero(cents), currency: currency("USD"), at: at(1) }
}

fn withdraw(cents: u64) -> AccountCommand {
    AccountCommand::Withdraw { actor: actor("alice"), money: usd(cents), memo: None, now: at(1) }
}

fn withdrawn(cents: u64, after: i64) -> AccountEvent {
    AccountEvent::AccountWithdrawn { money: usd(cents), memo: None, balance: balance(after), at: at(1) }
}

fn short_of(available: i64, requested: u64) -> AccountRefusal {
    AccountRefusal::InsufficientFunds { available: balance(available), requested: amount(requested) }
}

/// 100 cents, and 50 more that may be owed.
fn allowed() -> [AccountEvent; 3] {
    [opened(), deposited(100), limit_set(50)]
}

fn with(more: impl IntoIterator<Item = AccountEvent>) -> Vec<AccountEvent> {
    allowed().into_iter().chain(more).collect()
}

#[test]
fn an_operator_says_how_much_an_account_may_owe() {
    given::<Account>([opened(), deposited(100)]).when(set(50)).then([limit_set(50)]);
    given::<Account>(allowed()).when(set(0)).then([limit_set(0)]);
    given::<Account>(allowed()).when(set(50)).then_nothing();
    let account = given::<Account>(allowed()).state();
    assert_eq!(account.opened().expect("an opened account").available(at(1)), balance(150));
}

#[test]
fn the_owner_does_not() {
    given::<Account>([opened()]).when(set_by("alice", 50)).then_refused(AccountRefusal::Forbidden);
    given::<Account>(allowed()).when(set_by("alice", 0)).then_refused(AccountRefusal::Forbidden);
}

#[test]
fn withdrawals_go_down_to_the_limit_but_not_a_cent_further() {
    given::<Account>(allowed()).when(withdraw(150)).then([withdrawn(150, -50)]);
    given::<Account>(allowed()).when(withdraw(151)).then_refused(short_of(150, 151));
    given::<Account>(with([withdrawn(150, -50)])).when(withdraw(1)).then_refused(short_of(0, 1));
}

#[test]
fn debits_go_down_to_the_limit_but_not_a_cent_further() {
    let debit = |cents| AccountCommand::Debit { transfer: transfer(usd(cents)), now: noon() };
    given::<Account>(allowed()).when(debit(150)).then([debited(150, -50)]);
    given::<Account>(allowed()).when(debit(151)).then([debit_rejected(RefusalReason::InsufficientFunds)]);
}

#[test]
fn what_is_held_counts_against_the_limit_and_can_be_captured_down_to_it() {
    let place = |cents| AccountCommand::PlaceHold {
        actor: actor("alice"),
        hold_id: HOLD,
        money: usd(cents),
        memo: Some(memo("Hotel")),
        expires_at: at(10),
        now: noon(),
    };
    given::<Account>(allowed()).when(place(150)).then([hold_placed(HOLD, 150)]);
    given::<Account>(allowed()).when(place(151)).then_refused(short_of(150, 151));
    let held = with([hold_placed(HOLD, 150)]);
    given::<Account>(held.clone()).when(withdraw(1)).then_refused(short_of(0, 1));
    let capture = AccountCommand::CaptureHold { actor: operator(), hold_id: HOLD, amount: None, now: at(1) };
    given::<Account>(held).when(capture).then([AccountEvent::HoldCaptured {
        hold_id: HOLD,
        money: usd(150),
        memo: Some(memo("Hotel")),
        balance: balance(-50),
        at: at(1),
    }]);
}

#[test]
fn money_that_comes_in_pays_what_is_owed() {
    let deposit = AccountCommand::Deposit { actor: actor("alice"), money: usd(70), memo: None, now: at(1) };
    given::<Account>(with([withdrawn(150, -50)])).when(deposit).then([AccountEvent::AccountDeposited {
        money: usd(70),
        memo: None,
        balance: balance(20),
        at: at(1),
    }]);
}

#[test]
fn a_limit_is_not_set_below_what_is_owed() {
    let overdrawn = || with([withdrawn(130, -30)]);
    let in_use = |owed| AccountRefusal::OverdraftInUse { owed: amount_or_zero(owed) };
    given::<Account>(overdrawn()).when(set(30)).then([limit_set(30)]);
    given::<Account>(overdrawn()).when(set(29)).then_refused(in_use(30));
    given::<Account>(overdrawn()).when(set(0)).then_refused(in_use(30));
    given::<Account>(overdrawn()).when(set(60)).then([limit_set(60)]);
}

#[test]
fn nor_below_what_would_be_owed_once_everything_held_is_captured() {
    let held = || with([hold_placed(HOLD, 120)]);
    given::<Account>(held()).when(set(20)).then([limit_set(20)]);
    given::<Account>(held())
        .when(set(19))
        .then_refused(AccountRefusal::OverdraftInUse { owed: amount_or_zero(20) });
}

#[test]
fn the_largest_limit_leaves_room_for_the_largest_payment() {
    let past = [opened(), deposited(100), limit_set(MAX_MINOR_UNITS)];
    let account = given::<Account>(past.clone()).state();
    assert_eq!(account.opened().expect("an opened account").available(at(1)), Balance::MAX);
    let after = 100 - MAX_MINOR_UNITS.cast_signed();
    given::<Account>(past).when(withdraw(MAX_MINOR_UNITS)).then([withdrawn(MAX_MINOR_UNITS, after)]);
}

#[test]
fn an_account_that_owes_does_not_close() {
    let close = AccountCommand::Close { actor: operator(), reason: None, now: at(1) };
    given::<Account>(with([withdrawn(130, -30)]))
        .when(close)
        .then_refused(AccountRefusal::BalanceNotZero { balance: balance(-30) });
}

#[test]
fn a_frozen_accounts_limit_can_be_set_and_a_closed_ones_cannot() {
    given::<Account>([opened(), frozen()]).when(set(50)).then([limit_set(50)]);
    given::<Account>([opened(), closed()]).when(set(50)).then_refused(AccountRefusal::AccountClosed);
}

#[test]
fn a_limit_is_in_the_accounts_currency() {
    let refusal = AccountRefusal::CurrencyMismatch { account: currency("EUR"), given: currency("USD") };
    let euros = AccountEvent::AccountOpened {
        account_id: ALICES,
        customer_id: alice(),
        title: title(),
        currency: currency("EUR"),
        at: noon(),
    };
    given::<Account>([euros]).when(set(50)).then_refused(refusal);
}

/// What comes back to a closed account can be paid out, and nothing beyond it.
#[test]
fn closing_ends_the_limit() {
    let past = [opened(), limit_set(50), closed(), debit_reversed(40, 40)];
    let pay_out =
        |cents| AccountCommand::Withdraw { actor: operator(), money: usd(cents), memo: None, now: at(1) };
    given::<Account>(past.clone()).when(pay_out(40)).then([withdrawn(40, 0)]);
    given::<Account>(past.clone()).when(pay_out(41)).then_refused(short_of(40, 41));
    assert_eq!(given::<Account>(past).state().status(), Some(AccountStatus::ClosedWithBalance));
}
