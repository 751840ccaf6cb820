//! Paying money in.

use domain::account::{Account, AccountCommand, AccountEvent, AccountRefusal};
use domain::money::{MAX_MINOR_UNITS, Money};

use crate::fixtures::*;
use crate::given::given;

fn deposit(money: Money) -> AccountCommand {
    AccountCommand::Deposit { actor: actor("alice"), money, memo: Some(memo("Salary")), now: at(1) }
}

#[test]
fn a_deposit_raises_the_balance() {
    given::<Account>([opened(), deposited(100)]).when(deposit(usd(50))).then([
        AccountEvent::AccountDeposited {
            money: usd(50),
            memo: Some(memo("Salary")),
            balance: balance(150),
            at: at(1),
        },
    ]);
}

#[test]
fn a_deposit_needs_an_opened_account() {
    given::<Account>([]).when(deposit(usd(50))).then_refused(AccountRefusal::AccountNotFound);
}

#[test]
fn a_frozen_account_takes_no_deposit() {
    given::<Account>([opened(), frozen()]).when(deposit(usd(50))).then_refused(AccountRefusal::AccountFrozen);
}

#[test]
fn a_closed_account_takes_no_deposit() {
    given::<Account>([opened(), closed()]).when(deposit(usd(50))).then_refused(AccountRefusal::AccountClosed);
    given::<Account>([opened(), closed(), debit_reversed(10, 10)])
        .when(deposit(usd(50)))
        .then_refused(AccountRefusal::AccountClosed);
}

#[test]
fn a_deposit_is_of_the_accounts_currency() {
    let refusal = AccountRefusal::CurrencyMismatch { account: currency("USD"), given: currency("EUR") };
    given::<Account>([opened()]).when(deposit(eur(50))).then_refused(refusal);
}

#[test]
fn a_deposit_up_to_the_largest_balance_is_accepted_and_one_beyond_it_is_not() {
    given::<Account>([opened(), deposited(MAX_MINOR_UNITS - 1)]).when(deposit(usd(1))).then([
        AccountEvent::AccountDeposited {
            money: usd(1),
            memo: Some(memo("Salary")),
            balance: balance(MAX_MINOR_UNITS),
            at: at(1),
        },
    ]);
    given::<Account>([opened(), deposited(MAX_MINOR_UNITS)])
        .when(deposit(usd(1)))
        .then_refused(AccountRefusal::LimitExceeded);
}
