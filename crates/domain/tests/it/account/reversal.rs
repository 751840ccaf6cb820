//! Taking a debit back.

use domain::account::{Account, AccountCommand, AccountRefusal, AccountStatus};
use domain::money::MAX_MINOR_UNITS;
use domain::transfer::RefusalReason;

use crate::fixtures::*;
use crate::given::given;

fn reverse(cents: u64) -> AccountCommand {
    AccountCommand::ReverseDebit {
        transfer: transfer(usd(cents)),
        reason: RefusalReason::AccountClosed.into(),
        now: noon(),
    }
}

#[test]
fn the_money_comes_back_to_an_open_account() {
    given::<Account>([opened(), deposited(100), debited(30, 70)])
        .when(reverse(30))
        .then([debit_reversed(30, 100)]);
}

#[test]
fn the_money_comes_back_to_a_frozen_account_which_stays_frozen() {
    let frozen = [opened(), deposited(100), debited(30, 70), frozen()];
    given::<Account>(frozen.clone()).when(reverse(30)).then([debit_reversed(30, 100)]);
    let after = given::<Account>(frozen.into_iter().chain([debit_reversed(30, 100)])).state();
    assert_eq!((after.status(), after.balance()), (Some(AccountStatus::Frozen), balance(100)));
}

#[test]
fn the_money_comes_back_to_a_closed_account_which_then_holds_it() {
    let closed = [opened(), deposited(30), debited(30, 0), closed()];
    given::<Account>(closed.clone()).when(reverse(30)).then([debit_reversed(30, 30)]);
    let after = given::<Account>(closed.into_iter().chain([debit_reversed(30, 30)])).state();
    assert_eq!((after.status(), after.balance()), (Some(AccountStatus::ClosedWithBalance), balance(30)));
}

#[test]
fn a_second_reversal_adds_to_what_a_closed_account_holds() {
    given::<Account>([opened(), closed(), debit_reversed(40, 40)])
        .when(reverse(2))
        .then([debit_reversed(2, 42)]);
}

#[test]
fn an_account_that_was_never_opened_has_no_debit_to_take_back() {
    given::<Account>([]).when(reverse(1)).then_refused(AccountRefusal::AccountNotFound);
}

#[test]
fn an_account_filled_to_the_limit_since_the_debit_has_no_room() {
    given::<Account>([opened(), deposited(MAX_MINOR_UNITS)])
        .when(reverse(1))
        .then_refused(AccountRefusal::LimitExceeded);
}
