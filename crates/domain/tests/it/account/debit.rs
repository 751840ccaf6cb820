//! The source's part in a transfer.

use domain::account::{Account, AccountCommand, AccountEvent};
use domain::transfer::{RefusalReason, TransferDetails};

use crate::fixtures::*;
use crate::given::given;

fn debit(transfer: TransferDetails) -> AccountCommand {
    AccountCommand::Debit { transfer, now: noon() }
}

#[track_caller]
fn refuses(past: impl IntoIterator<Item = AccountEvent>, transfer: TransferDetails, reason: RefusalReason) {
    given::<Account>(past).when(debit(transfer)).then([debit_rejected(reason)]);
}

#[test]
fn a_debit_lowers_the_balance() {
    given::<Account>([opened(), deposited(100)]).when(debit(transfer(usd(30)))).then([debited(30, 70)]);
}

#[test]
fn everything_can_be_debited_but_not_a_cent_more() {
    given::<Account>([opened(), deposited(100)]).when(debit(transfer(usd(100)))).then([debited(100, 0)]);
    refuses([opened(), deposited(100)], transfer(usd(101)), RefusalReason::InsufficientFunds);
}

#[test]
fn an_account_that_was_never_opened_answers_too() {
    refuses([], transfer(usd(1)), RefusalReason::AccountNotFound);
}

#[test]
fn a_frozen_account_refuses() {
    refuses([opened(), deposited(100), frozen()], transfer(usd(1)), RefusalReason::AccountFrozen);
}

#[test]
fn a_closed_account_refuses_whatever_came_back_to_it() {
    refuses([opened(), closed()], transfer(usd(1)), RefusalReason::AccountClosed);
    refuses([opened(), closed(), debit_reversed(40, 40)], transfer(usd(1)), RefusalReason::AccountClosed);
}

#[test]
fn money_of_another_currency_is_refused() {
    refuses([opened(), deposited(100)], transfer(eur(1)), RefusalReason::CurrencyMismatch);
}

#[test]
fn a_transfer_to_the_same_account_is_refused() {
    let to_itself = TransferDetails { to_account_id: ALICES, ..transfer(usd(1)) };
    refuses([opened(), deposited(100)], to_itself, RefusalReason::SameAccount);
}

#[test]
fn the_deadline_itself_is_too_late() {
    let late = TransferDetails { deadline: noon(), ..transfer(usd(1)) };
    refuses([opened(), deposited(100)], late, RefusalReason::DeadlineExceeded);
    let in_time = TransferDetails { deadline: at(1), ..transfer(usd(1)) };
    given::<Account>([opened(), deposited(100)]).when(debit(in_time)).then([debited(1, 99)]);
}

#[test]
fn to_an_outsider_a_foreign_account_is_not_there() {
    let by_mallory = TransferDetails { actor: Some(actor("mallory")), ..transfer(usd(1)) };
    refuses([opened(), deposited(100)], by_mallory.clone(), RefusalReason::AccountNotFound);
    refuses([opened(), frozen()], by_mallory, RefusalReason::AccountNotFound);
}

#[test]
fn an_operator_and_the_bank_itself_may_debit_any_account() {
    for actor in [Some(actor("operator:olga")), None] {
        let transfer = TransferDetails { actor, ..transfer(usd(30)) };
        given::<Account>([opened(), deposited(100)]).when(debit(transfer)).then([debited(30, 70)]);
    }
}

#[test]
fn giving_up_on_a_debit_is_a_refusal_in_any_state() {
    let give_up = || AccountCommand::RefuseDebit {
        transfer: transfer(usd(1)),
        reason: RefusalReason::DeadlineExceeded,
    };
    for past in [vec![], vec![opened(), deposited(100)], vec![opened(), frozen()], vec![opened(), closed()]] {
        given::<Account>(past).when(give_up()).then([debit_rejected(RefusalReason::DeadlineExceeded)]);
    }
}

#[test]
fn a_refusal_changes_nothing_about_the_account() {
    let before = given::<Account>([opened(), deposited(100)]).state();
    let after =
        given::<Account>([opened(), deposited(100), debit_rejected(RefusalReason::SameAccount)]).state();
    assert_eq!(before, after);
}
