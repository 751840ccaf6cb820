//! Opening an account.

use domain::account::{Account, AccountCommand, AccountRefusal, AccountStatus};
use domain::money::{Amount, Balance};

use crate::fixtures::*;
use crate::given::given;

fn open(initial_balance: Option<Amount>) -> AccountCommand {
    AccountCommand::Open {
        actor: actor("alice"),
        account_id: ALICES,
        customer_id: alice(),
        title: title(),
        currency: currency("USD"),
        initial_balance,
        now: noon(),
    }
}

#[test]
fn an_account_opens_empty() {
    given::<Account>([]).when(open(None)).then([opened()]);
}

#[test]
fn an_initial_balance_counts_as_a_deposit() {
    given::<Account>([]).when(open(Some(amount(5500)))).then([opened(), deposited(5500)]);
}

#[test]
fn an_account_opens_once() {
    given::<Account>([opened()]).when(open(None)).then_refused(AccountRefusal::AlreadyOpen);
    given::<Account>([opened(), closed()]).when(open(None)).then_refused(AccountRefusal::AlreadyOpen);
}

#[test]
fn an_opened_account_knows_what_it_is() {
    let account = given::<Account>([opened(), deposited(5500)]).state();
    let state = account.opened().expect("an opened account");
    assert_eq!((state.account_id, &state.owner, &state.title), (ALICES, &alice(), &title()));
    assert_eq!((state.currency, state.opened_at), (currency("USD"), noon()));
    assert_eq!((account.balance(), account.status()), (balance(5500), Some(AccountStatus::Open)));
}

#[test]
fn an_account_that_was_never_opened_is_empty_and_has_no_status() {
    let account = given::<Account>([]).state();
    assert_eq!((account.balance(), account.status()), (Balance::ZERO, None));
    assert!(account.opened().is_none());
}

#[test]
fn an_account_that_refused_a_transfer_before_can_still_be_opened() {
    use domain::transfer::RefusalReason::AccountNotFound;
    given::<Account>([credit_rejected(AccountNotFound)]).when(open(None)).then([opened()]);
}
