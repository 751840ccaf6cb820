//! What an event makes of an account.

use std::collections::BTreeMap;

use super::{Account, AccountEvent as Event, AccountStatus, Hold, OpenedAccount};
use crate::money::{AmountOrZero, Balance};

pub(super) fn evolve(account: Account, event: &Event) -> Account {
    match event {
        Event::AccountOpened { account_id, customer_id, title, currency, at } => {
            Account(Some(OpenedAccount {
                account_id: *account_id,
                owner: customer_id.clone(),
                title: title.clone(),
                currency: *currency,
                balance: Balance::ZERO,
                status: AccountStatus::Open,
                frozen_by_owner: false,
                overdraft_limit: AmountOrZero::ZERO,
                daily_transfer_limit: None,
                spending: None,
                holds: BTreeMap::new(),
                expired_holds: Vec::new(),
                opened_at: *at,
            }))
        }
        _ => Account(account.0.map(|opened| evolve_opened(opened, event))),
    }
}

fn evolve_opened(mut account: OpenedAccount, event: &Event) -> OpenedAccount {
    match event {
        Event::AccountDeposited { balance, .. } | Event::AccountCredited { balance, .. } => {
            account.balance = *balance;
        }
        Event::AccountDebited { transfer_id, money, balance, at, .. } => {
            account.balance = *balance;
            account.note_debit(*transfer_id, money.amount, *at);
        }
        Event::AccountLinesDebited { lines, balance, at, .. } => {
            account.balance = *balance;
            for line in lines {
                account.note_debit(line.transfer_id, line.amount, *at);
            }
        }
        Event::AccountWithdrawn { balance, .. } => {
            account.balance = *balance;
            if balance.is_zero() && account.status == AccountStatus::ClosedWithBalance {
                account.status = AccountStatus::Closed;
            }
        }
        Event::AccountDebitReversed { transfer_id, balance, at, .. } => {
            account.balance = *balance;
            account.note_reversal(*transfer_id, *at);
            if account.status == AccountStatus::Closed {
                account.status = AccountStatus::ClosedWithBalance;
            }
        }
        Event::HoldPlaced { hold_id, money, memo, by_owner, expires_at, at } => {
            let (amount, memo, by_owner) = (money.amount, memo.clone(), *by_owner);
            let hold = Hold { amount, memo, by_owner, placed_at: *at, expires_at: *expires_at };
            account.holds.insert(*hold_id, hold);
        }
        Event::HoldCaptured { hold_id, balance, .. } => {
            account.holds.remove(hold_id);
            account.balance = *balance;
        }
        Event::HoldVoided { hold_id, .. } => drop(account.holds.remove(hold_id)),
        Event::HoldExpired { hold_id, .. } => {
            account.holds.remove(hold_id);
            account.remember_expired(*hold_id);
        }
        Event::DailyTransferLimitSet { limit, .. } => account.note_daily_limit(*limit),
        Event::OverdraftLimitSet { limit, .. } => account.overdraft_limit = *limit,
        Event::AccountFrozen { by_owner, .. } => {
            account.status = AccountStatus::Frozen;
            account.frozen_by_owner = *by_owner;
        }
        Event::AccountUnfrozen { .. } => account.status = AccountStatus::Open,
        Event::AccountClosed { .. } => {
            account.status = AccountStatus::Closed;
            account.overdraft_limit = AmountOrZero::ZERO;
            account.note_daily_limit(None);
        }
        Event::AccountOpened { .. }
        | Event::AccountDebitRejected { .. }
        | Event::AccountLinesDebitRejected { .. }
        | Event::AccountCreditRejected { .. } => {}
    }
    account
}
