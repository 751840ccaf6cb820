//! Paying money out.

use domain::account::{Account, AccountCommand, AccountEvent, AccountRefusal, AccountStatus};
use domain::money::Money;

use crate::fixtures::*;
use crate::given::given;

fn withdraw(money: Money) -> AccountCommand {
    AccountCommand::Withdraw { actor: actor("alice"), money, memo: None, now: at(1) }
}

fn withdrawn(cents: u64, after: u64) -> AccountEvent {
    AccountEvent::AccountWithdrawn { money: usd(cents), memo: None, balance: balance(after), at: at(1) }
}

#[test]
fn a_withdrawal_lowers_the_balance() {
    given::<Account>([opened(), deposited(100)]).when(withdraw(usd(30))).then([withdrawn(30, 70)]);
}

#[test]
fn everything_can_be_withdrawn_but_not_a_cent_more() {
    given::<Account>([opened(), deposited(100)]).when(withdraw(usd(100))).then([withdrawn(100, 0)]);
    given::<Account>([opened(), deposited(100)])
        .when(withdraw(usd(101)))
        .then_refused(AccountRefusal::InsufficientFunds { available: balance(100), requested: amount(101) });
}

#[test]
fn a_withdrawal_needs_an_opened_account() {
    given::<Account>([]).when(withdraw(usd(1))).then_refused(AccountRefusal::AccountNotFound);
}

#[test]
fn nothing_is_withdrawn_from_a_frozen_account() {
    given::<Account>([opened(), deposited(100), frozen()])
        .when(withdraw(usd(1)))
        .then_refused(AccountRefusal::AccountFrozen);
}

#[test]
fn nothing_is_withdrawn_from_a_closed_account() {
    given::<Account>([opened(), closed()]).when(withdraw(usd(1))).then_refused(AccountRefusal::AccountClosed);
}

#[test]
fn a_withdrawal_is_of_the_accounts_currency() {
    let refusal = AccountRefusal::CurrencyMismatch { account: currency("USD"), given: currency("EUR") };
    given::<Account>([opened(), deposited(100)]).when(withdraw(eur(1))).then_refused(refusal);
}

/// By an operator: the owner's account is closed.
fn pay_out(money: Money) -> AccountCommand {
    AccountCommand::Withdraw { actor: operator(), money, memo: None, now: at(1) }
}

#[test]
fn money_that_came_back_to_a_closed_account_can_be_paid_out() {
    let stuck = || [opened(), closed(), debit_reversed(40, 40)];
    given::<Account>(stuck()).when(pay_out(usd(15))).then([withdrawn(15, 25)]);
    given::<Account>(stuck())
        .when(pay_out(usd(41)))
        .then_refused(AccountRefusal::InsufficientFunds { available: balance(40), requested: amount(41) });
}

#[test]
fn an_account_is_closed_again_once_the_last_of_it_is_paid_out() {
    let stuck = [opened(), closed(), debit_reversed(40, 40), withdrawn(15, 25)];
    assert_eq!(given::<Account>(stuck.clone()).state().status(), Some(AccountStatus::ClosedWithBalance));
    let paid_out = stuck.into_iter().chain([withdrawn(25, 0)]);
    assert_eq!(given::<Account>(paid_out).state().status(), Some(AccountStatus::Closed));
}
