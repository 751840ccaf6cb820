//! Which events a command causes, or why it is refused.

mod holds;
mod limits;

use chrono::{DateTime, Utc};

use super::bulk_steps::{debit_lines, refuse_debit_lines};
use super::transfer_steps::{credit, debit, refuse_credit, refuse_debit, reverse_debit};
use super::{Account, AccountCommand as Command, AccountEvent as Event, AccountRefusal as Refusal};
use super::{AccountStatus, OpenedAccount};
use crate::money::{Balance, Currency, Money};
use crate::text::{Actor, Memo};

pub(super) fn decide(account: &Account, command: &Command) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::Open { .. } if account.opened().is_some() => Err(Refusal::AlreadyOpen),
        Command::Open { actor, customer_id, .. } if !actor.may_act_for(customer_id) => {
            Err(Refusal::Forbidden)
        }
        Command::Open { account_id, customer_id, title, currency, initial_balance, now, .. } => {
            let (customer_id, title) = (customer_id.clone(), title.clone());
            let opened = Event::AccountOpened {
                account_id: *account_id,
                customer_id,
                title,
                currency: *currency,
                at: *now,
            };
            let deposited =
                initial_balance.map(|amount| initial_deposit(Money::new(amount, *currency), *now));
            Ok([opened].into_iter().chain(deposited).collect())
        }
        Command::Deposit { actor, money, memo, now } => deposit(account.of(actor)?, *money, memo, *now),
        Command::Withdraw { actor, money, memo, now } => {
            withdraw(account.of(actor)?, actor, *money, memo, *now)
        }
        Command::PlaceHold { actor, hold_id, money, memo, expires_at, now } => {
            let wish = holds::Wish { hold_id: *hold_id, money: *money, memo, expires_at: *expires_at };
            holds::place(account.of(actor)?, actor, &wish, *now)
        }
        Command::CaptureHold { actor, hold_id, amount, now } => {
            holds::capture(account.of(actor)?, actor, *hold_id, *amount, *now)
        }
        Command::VoidHold { actor, hold_id, now } => holds::void(account.of(actor)?, actor, *hold_id, *now),
        Command::ExpireHolds { now } => Ok(holds::expire(account.expect_opened()?, *now)),
        Command::SetOverdraftLimit { actor, limit, currency, now } => {
            limits::set_overdraft_limit(account.of(actor)?, actor, *limit, *currency, *now)
        }
        Command::SetDailyTransferLimit { actor, limit, currency, now } => {
            limits::set_daily_transfer_limit(account.of(actor)?, actor, *limit, *currency, *now)
        }
        Command::Freeze { actor, reason, now } => freeze(account.of(actor)?, actor, reason, *now),
        Command::Unfreeze { actor, reason, now } => unfreeze(account.of(actor)?, actor, reason, *now),
        Command::Close { actor, reason, now } => close(account.of(actor)?, reason, *now),
        Command::Debit { transfer, now } => Ok(vec![debit(account, transfer, *now)]),
        Command::RefuseDebit { transfer, reason } => Ok(vec![refuse_debit(transfer, *reason)]),
        Command::DebitLines { bulk, now } => Ok(vec![debit_lines(account, bulk, *now)]),
        Command::RefuseDebitLines { bulk_id, reason } => Ok(vec![refuse_debit_lines(*bulk_id, *reason)]),
        Command::Credit { transfer, now } => Ok(vec![credit(account, transfer, *now)]),
        Command::RefuseCredit { transfer, reason } => Ok(vec![refuse_credit(transfer, *reason)]),
        Command::ReverseDebit { transfer, reason, now } => {
            reverse_debit(account.expect_opened()?, transfer, *reason, *now).map(|reversed| vec![reversed])
        }
    }
}

impl Account {
    fn expect_opened(&self) -> Result<&OpenedAccount, Refusal> {
        self.opened().ok_or(Refusal::AccountNotFound)
    }

    /// To an outsider a foreign account is not there, so ownership is looked at before anything else is told.
    fn of(&self, actor: &Actor) -> Result<&OpenedAccount, Refusal> {
        let account = self.expect_opened()?;
        if actor.may_act_for(&account.owner) { Ok(account) } else { Err(Refusal::AccountNotFound) }
    }
}

impl OpenedAccount {
    fn expect_currency(&self, given: Currency) -> Result<(), Refusal> {
        if given == self.currency {
            return Ok(());
        }
        Err(Refusal::CurrencyMismatch { account: self.currency, given })
    }
}

/// What an account is opened with counts as a deposit, so that deposits alone say where money came from.
fn initial_deposit(money: Money, at: DateTime<Utc>) -> Event {
    Event::AccountDeposited { money, memo: None, balance: Balance::from(money.amount), at }
}

fn deposit(
    account: &OpenedAccount,
    money: Money,
    memo: &Option<Memo>,
    at: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    match account.status {
        AccountStatus::Open => {}
        AccountStatus::Frozen => return Err(Refusal::AccountFrozen),
        AccountStatus::Closed | AccountStatus::ClosedWithBalance => return Err(Refusal::AccountClosed),
    }
    account.expect_currency(money.currency)?;
    let balance = account.balance.checked_add(money.amount).ok_or(Refusal::LimitExceeded)?;
    Ok(vec![Event::AccountDeposited { money, memo: memo.clone(), balance, at }])
}

/// Money that arrived after the closing can be paid out, by an operator; it is the only thing left to do.
fn withdraw(
    account: &OpenedAccount,
    actor: &Actor,
    money: Money,
    memo: &Option<Memo>,
    at: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    match account.status {
        AccountStatus::Open => {}
        AccountStatus::ClosedWithBalance if actor.is_operator() => {}
        AccountStatus::Frozen => return Err(Refusal::AccountFrozen),
        AccountStatus::Closed | AccountStatus::ClosedWithBalance => return Err(Refusal::AccountClosed),
    }
    account.expect_currency(money.currency)?;
    let balance = account.balance_after(money.amount, None, at)?;
    Ok(vec![Event::AccountWithdrawn { money, memo: memo.clone(), balance, at }])
}

/// An operator's freeze stands above an owner's, who could lift it otherwise.
fn freeze(
    account: &OpenedAccount,
    actor: &Actor,
    reason: &Option<Memo>,
    at: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    let by_owner = !actor.is_operator();
    match account.status {
        AccountStatus::Open => Ok(vec![Event::AccountFrozen { reason: reason.clone(), by_owner, at }]),
        AccountStatus::Frozen if account.frozen_by_owner && !by_owner => {
            Ok(vec![Event::AccountFrozen { reason: reason.clone(), by_owner, at }])
        }
        AccountStatus::Frozen => Ok(vec![]),
        AccountStatus::Closed | AccountStatus::ClosedWithBalance => Err(Refusal::AccountClosed),
    }
}

fn unfreeze(
    account: &OpenedAccount,
    actor: &Actor,
    reason: &Option<Memo>,
    at: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    match account.status {
        AccountStatus::Frozen if !account.frozen_by_owner && !actor.is_operator() => Err(Refusal::Forbidden),
        AccountStatus::Frozen => Ok(vec![Event::AccountUnfrozen { reason: reason.clone(), at }]),
        AccountStatus::Open => Ok(vec![]),
        AccountStatus::Closed | AccountStatus::ClosedWithBalance => Err(Refusal::AccountClosed),
    }
}

/// A frozen account stays: whoever froze it wants to look at it first. A closed one has no holds, so that what is past
/// its expiry is recorded before.
fn close(account: &OpenedAccount, reason: &Option<Memo>, at: DateTime<Utc>) -> Result<Vec<Event>, Refusal> {
    match account.status {
        AccountStatus::Open => match (account.open_holds(at).count(), account.balance) {
            (0, balance) if balance.is_zero() => {
                let closed = Event::AccountClosed { reason: reason.clone(), at };
                Ok(holds::expire(account, at).into_iter().chain([closed]).collect())
            }
            (0, balance) => Err(Refusal::BalanceNotZero { balance }),
            (count, _) => Err(Refusal::HoldsOpen { count }),
        },
        AccountStatus::Frozen => Err(Refusal::AccountFrozen),
        AccountStatus::Closed | AccountStatus::ClosedWithBalance => Ok(vec![]),
    }
}
