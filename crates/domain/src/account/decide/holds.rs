//! Placing, capturing, voiding and expiring holds.
//!
//! A capture is a payment like a withdrawal, so whoever may withdraw may capture: the owner, and operators. What an
//! operator placed stands above the owner, who could undo it otherwise.

use chrono::{DateTime, SubsecRound, Utc};

use super::super::{
    AccountEvent as Event, AccountRefusal as Refusal, AccountStatus, Hold, LONGEST_HOLD, MAX_OPEN_HOLDS,
    OpenedAccount,
};
use crate::ids::HoldId;
use crate::money::{Amount, Money};
use crate::text::{Actor, Memo};

/// What is to be held, and until when.
pub(super) struct Wish<'a> {
    pub(super) hold_id: HoldId,
    pub(super) money: Money,
    pub(super) memo: &'a Option<Memo>,
    pub(super) expires_at: DateTime<Utc>,
}

pub(super) fn place(
    account: &OpenedAccount,
    actor: &Actor,
    wish: &Wish<'_>,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    expect_open(account)?;
    account.expect_currency(wish.money.currency)?;
    // The index of deadlines keeps microseconds. A finer expiry would be due before it has come.
    let expires_at = wish.expires_at.trunc_subsecs(6);
    if expires_at <= now || expires_at - now > LONGEST_HOLD {
        return Err(Refusal::InvalidExpiry);
    }
    if account.holds.contains_key(&wish.hold_id) || account.has_expired(wish.hold_id) {
        return Err(Refusal::HoldExists);
    }
    if account.open_holds(now).count() >= MAX_OPEN_HOLDS {
        return Err(Refusal::TooManyHolds);
    }
    account.balance_after(wish.money.amount, None, now)?;
    Ok(vec![Event::HoldPlaced {
        hold_id: wish.hold_id,
        money: wish.money,
        memo: wish.memo.clone(),
        by_owner: !actor.is_operator(),
        expires_at,
        at: now,
    }])
}

/// What was held beyond the captured amount is free again. The hold made sure of the money, so that only clocks that
/// disagree find too little of it: one took the hold for expired and paid its money out, and then came this one.
pub(super) fn capture(
    account: &OpenedAccount,
    actor: &Actor,
    hold_id: HoldId,
    amount: Option<Amount>,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    expect_open(account)?;
    let hold = match account.holds.get(&hold_id) {
        Some(hold) if hold.is_open(now) => hold,
        Some(_) => return Err(Refusal::HoldExpired),
        None if account.has_expired(hold_id) => return Err(Refusal::HoldExpired),
        None => return Err(Refusal::HoldNotFound),
    };
    expect_at_disposal_of(actor, hold)?;
    let captured = amount.unwrap_or(hold.amount);
    if captured > hold.amount {
        return Err(Refusal::ExceedsHold { held: hold.amount, requested: captured });
    }
    let balance = account.balance_after(captured, Some(hold_id), now)?;
    let money = Money::new(captured, account.currency);
    Ok(vec![Event::HoldCaptured { hold_id, money, memo: hold.memo.clone(), balance, at: now }])
}

/// Nothing is left to be done about a hold past its expiry: its money is free already.
pub(super) fn void(
    account: &OpenedAccount,
    actor: &Actor,
    hold_id: HoldId,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    match account.holds.get(&hold_id) {
        Some(hold) if hold.is_open(now) => {
            expect_at_disposal_of(actor, hold)?;
            let money = Money::new(hold.amount, account.currency);
            Ok(vec![Event::HoldVoided { hold_id, money, at: now }])
        }
        Some(_) => Ok(vec![]),
        None if account.has_expired(hold_id) => Ok(vec![]),
        None => Err(Refusal::HoldNotFound),
    }
}

/// Records, for each hold past its expiry, that it is.
pub(super) fn expire(account: &OpenedAccount, now: DateTime<Utc>) -> Vec<Event> {
    let expired = |(hold_id, hold): (HoldId, &Hold)| Event::HoldExpired {
        hold_id,
        money: Money::new(hold.amount, account.currency),
        at: now,
    };
    account.overdue_holds(now).map(expired).collect()
}

fn expect_open(account: &OpenedAccount) -> Result<(), Refusal> {
    match account.status {
        AccountStatus::Open => Ok(()),
        AccountStatus::Frozen => Err(Refusal::AccountFrozen),
        AccountStatus::Closed | AccountStatus::ClosedWithBalance => Err(Refusal::AccountClosed),
    }
}

fn expect_at_disposal_of(actor: &Actor, hold: &Hold) -> Result<(), Refusal> {
    if hold.by_owner || actor.is_operator() { Ok(()) } else { Err(Refusal::Forbidden) }
}
