//! The target's part in a transfer.

use domain::account::{Account, AccountCommand, AccountEvent};
use domain::money::MAX_MINOR_UNITS;
use domain::transfer::{RefusalReason, TransferDetails};

use crate::fixtures::*;
use crate::given::given;

fn credit(transfer: TransferDetails) -> AccountCommand {
    AccountCommand::Credit { transfer, now: noon() }
}

#[track_caller]
fn refuses(past: impl IntoIterator<Item = AccountEvent>, transfer: TransferDetails, reason: RefusalReason) {
    given::<Account>(past).when(credit(transfer)).then([credit_rejected(reason)]);
}

#[test]
fn a_credit_raises_the_balance() {
    given::<Account>([opened(), deposited(100)]).when(credit(transfer(usd(30)))).then([credited(30, 130)]);
}

#[test]
fn anybody_may_pay_into_an_account() {
    let by_mallory = TransferDetails { actor: Some(actor("mallory")), ..transfer(usd(30)) };
    given::<Account>([opened()]).when(credit(by_mallory)).then([credited(30, 30)]);
}

#[test]
fn an_account_that_was_never_opened_answers_too() {
    refuses([], transfer(usd(1)), RefusalReason::AccountNotFound);
}

#[test]
fn a_frozen_account_refuses() {
    refuses([opened(), frozen()], transfer(usd(1)), RefusalReason::AccountFrozen);
}

#[test]
fn a_closed_account_refuses_whatever_came_back_to_it() {
    refuses([opened(), closed()], transfer(usd(1)), RefusalReason::AccountClosed);
    refuses([opened(), closed(), debit_reversed(40, 40)], transfer(usd(1)), RefusalReason::AccountClosed);
}

#[test]
fn money_of_another_currency_is_refused() {
    refuses([opened()], transfer(eur(1)), RefusalReason::CurrencyMismatch);
}

#[test]
fn a_credit_up_to_the_largest_balance_is_accepted_and_one_beyond_it_is_not() {
    given::<Account>([opened(), deposited(MAX_MINOR_UNITS - 1)])
        .when(credit(transfer(usd(1))))
        .then([credited(1, MAX_MINOR_UNITS)]);
    refuses([opened(), deposited(MAX_MINOR_UNITS)], transfer(usd(1)), RefusalReason::LimitExceeded);
}

#[test]
fn the_deadline_itself_is_too_late() {
    let late = TransferDetails { deadline: noon(), ..transfer(usd(1)) };
    refuses([opened()], late, RefusalReason::DeadlineExceeded);
    let in_time = TransferDetails { deadline: at(1), ..transfer(usd(1)) };
    given::<Account>([opened()]).when(credit(in_time)).then([credited(1, 1)]);
}

#[test]
fn giving_up_on_a_credit_is_a_refusal_in_any_state() {
    let give_up = || AccountCommand::RefuseCredit {
        transfer: transfer(usd(1)),
        reason: RefusalReason::DeadlineExceeded,
    };
    for past in [vec![], vec![opened(), deposited(100)], vec![opened(), frozen()], vec![opened(), closed()]] {
        given::<Account>(past).when(give_up()).then([credit_rejected(RefusalReason::DeadlineExceeded)]);
    }
}
