//! Whose account it is decides who may do what; to an outsider it is not there.

use domain::account::{Account, AccountCommand, AccountEvent, AccountRefusal};

use crate::fixtures::*;
use crate::given::given;

fn freeze(name: &str) -> AccountCommand {
    AccountCommand::Freeze { actor: actor(name), reason: None, now: at(1) }
}

fn unfreeze(name: &str) -> AccountCommand {
    AccountCommand::Unfreeze { actor: actor(name), reason: None, now: at(1) }
}

fn withdraw(name: &str) -> AccountCommand {
    AccountCommand::Withdraw { actor: actor(name), money: usd(40), memo: None, now: at(1) }
}

/// Everything that can be asked of an account by whoever stands in front of it.
fn every_command(name: &str) -> [AccountCommand; 10] {
    let (actor, money, now) = (actor(name), usd(40), at(1));
    [
        AccountCommand::Deposit { actor: actor.clone(), money, memo: None, now },
        AccountCommand::PlaceHold {
            actor: actor.clone(),
            hold_id: HOLD,
            money,
            memo: None,
            expires_at: at(10),
            now,
        },
        AccountCommand::CaptureHold { actor: actor.clone(), hold_id: HOLD, amount: None, now },
        AccountCommand::VoidHold { actor: actor.clone(), hold_id: HOLD, now },
        AccountCommand::SetOverdraftLimit {
            actor: actor.clone(),
            limit: amount_or_zero(50),
            currency: currency("USD"),
            now,
        },
        AccountCommand::SetDailyTransferLimit {
            actor: actor.clone(),
            limit: Some(amount(50)),
            currency: currency("USD"),
            now,
        },
        AccountCommand::Close { actor, reason: None, now },
        withdraw(name),
        freeze(name),
        unfreeze(name),
    ]
}

fn frozen_by_owner() -> AccountEvent {
    AccountEvent::AccountFrozen { reason: None, by_owner: true, at: at(1) }
}

#[test]
fn to_an_outsider_an_account_is_not_there_whatever_its_state() {
    for past in [vec![opened(), deposited(40)], vec![opened(), frozen()], vec![opened(), closed()]] {
        for command in every_command("mallory") {
            given::<Account>(past.clone()).when(command).then_refused(AccountRefusal::AccountNotFound);
        }
    }
}

#[test]
fn an_operator_may_do_what_the_owner_may() {
    for command in every_command("operator:olive").into_iter().take(2).chain([withdraw("operator:olive")]) {
        assert!(given::<Account>([opened(), deposited(40)]).when(command).moved());
    }
}

#[test]
fn only_an_operator_opens_an_account_for_somebody_else() {
    let open = |name: &str| AccountCommand::Open {
        actor: actor(name),
        account_id: ALICES,
        customer_id: alice(),
        title: title(),
        currency: currency("USD"),
        initial_balance: None,
        now: noon(),
    };
    given::<Account>([]).when(open("mallory")).then_refused(AccountRefusal::Forbidden);
    given::<Account>([]).when(open("operator:olive")).then([opened()]);
}

#[test]
fn an_owner_lifts_only_what_an_owner_froze() {
    given::<Account>([opened()]).when(freeze("alice")).then([frozen_by_owner()]);
    assert!(given::<Account>([opened(), frozen_by_owner()]).when(unfreeze("alice")).moved());
    given::<Account>([opened(), frozen()]).when(unfreeze("alice")).then_refused(AccountRefusal::Forbidden);
    assert!(given::<Account>([opened(), frozen()]).when(unfreeze("operator:olive")).moved());
}

#[test]
fn an_operators_freeze_stands_above_the_owners() {
    let by_operator = AccountEvent::AccountFrozen { reason: None, by_owner: false, at: at(1) };
    given::<Account>([opened(), frozen_by_owner()])
        .when(freeze("operator:olive"))
        .then([by_operator.clone()]);
    given::<Account>([opened(), frozen_by_owner(), by_operator.clone()])
        .when(unfreeze("alice"))
        .then_refused(AccountRefusal::Forbidden);
    given::<Account>([opened(), by_operator]).when(freeze("alice")).then_nothing();
}

#[test]
fn what_a_closed_account_holds_is_paid_out_by_an_operator() {
    let past = [opened(), closed(), debit_reversed(40, 40)];
    given::<Account>(past.clone()).when(withdraw("alice")).then_refused(AccountRefusal::AccountClosed);
    assert!(given::<Account>(past).when(withdraw("operator:olive")).moved());
}
