//! Freezing, unfreezing and closing an account.

use domain::account::{Account, AccountCommand, AccountEvent, AccountRefusal, AccountStatus};

use crate::fixtures::*;
use crate::given::given;

fn freeze() -> AccountCommand {
    AccountCommand::Freeze { actor: operator(), reason: Some(memo("Suspicious")), now: at(1) }
}

fn unfreeze() -> AccountCommand {
    AccountCommand::Unfreeze { actor: operator(), reason: Some(memo("Cleared")), now: at(1) }
}

fn close() -> AccountCommand {
    AccountCommand::Close { actor: actor("alice"), reason: Some(memo("Moving away")), now: at(1) }
}

fn closed_with_balance() -> [AccountEvent; 3] {
    [opened(), closed(), debit_reversed(40, 40)]
}

#[test]
fn an_open_account_freezes() {
    given::<Account>([opened()]).when(freeze()).then([AccountEvent::AccountFrozen {
        reason: Some(memo("Suspicious")),
        by_owner: false,
        at: at(1),
    }]);
    assert_eq!(given::<Account>([opened(), frozen()]).state().status(), Some(AccountStatus::Frozen));
}

#[test]
fn a_frozen_account_unfreezes() {
    given::<Account>([opened(), frozen()])
        .when(unfreeze())
        .then([AccountEvent::AccountUnfrozen { reason: Some(memo("Cleared")), at: at(1) }]);
    assert_eq!(
        given::<Account>([opened(), frozen(), unfrozen()]).state().status(),
        Some(AccountStatus::Open)
    );
}

#[test]
fn an_empty_account_closes() {
    given::<Account>([opened()])
        .when(close())
        .then([AccountEvent::AccountClosed { reason: Some(memo("Moving away")), at: at(1) }]);
    assert_eq!(given::<Account>([opened(), closed()]).state().status(), Some(AccountStatus::Closed));
}

#[test]
fn what_is_so_already_changes_nothing() {
    given::<Account>([opened(), frozen()]).when(freeze()).then_nothing();
    given::<Account>([opened()]).when(unfreeze()).then_nothing();
    given::<Account>([opened(), closed()]).when(close()).then_nothing();
    given::<Account>(closed_with_balance()).when(close()).then_nothing();
}

#[test]
fn an_account_that_holds_money_does_not_close() {
    given::<Account>([opened(), deposited(1)])
        .when(close())
        .then_refused(AccountRefusal::BalanceNotZero { balance: balance(1) });
}

#[test]
fn a_frozen_account_does_not_close_even_when_empty() {
    given::<Account>([opened(), frozen()]).when(close()).then_refused(AccountRefusal::AccountFrozen);
}

#[test]
fn a_closed_account_neither_freezes_nor_unfreezes() {
    given::<Account>([opened(), closed()]).when(freeze()).then_refused(AccountRefusal::AccountClosed);
    given::<Account>([opened(), closed()]).when(unfreeze()).then_refused(AccountRefusal::AccountClosed);
    given::<Account>(closed_with_balance()).when(freeze()).then_refused(AccountRefusal::AccountClosed);
}

#[test]
fn an_account_that_was_never_opened_refuses() {
    for command in [freeze(), unfreeze(), close()] {
        given::<Account>([]).when(command).then_refused(AccountRefusal::AccountNotFound);
    }
}

#[test]
fn a_state_of_before_there_were_holds_and_limits_is_still_readable() {
    let account = given::<Account>([opened(), deposited(1)]).state();
    let mut stored = serde_json::to_value(&account).expect("a state serializes");
    for later in ["holds", "expiredHolds", "overdraftLimit", "dailyTransferLimit", "spending"] {
        stored.as_object_mut().expect("an object").remove(later).expect("it was there");
    }
    assert_eq!(serde_json::from_value::<Account>(stored).expect("it is readable"), account);
}

#[test]
fn a_state_of_before_owners_could_freeze_is_still_readable() {
    let account = given::<Account>([opened(), frozen()]).state();
    let mut stored = serde_json::to_value(&account).expect("a state serializes");
    stored.as_object_mut().expect("an object").remove("frozenByOwner");
    assert_eq!(serde_json::from_value::<Account>(stored).expect("it is readable"), account);
}
