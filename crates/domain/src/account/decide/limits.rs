//! How far an account may go.

use chrono::{DateTime, Utc};

use super::super::{AccountEvent as Event, AccountRefusal as Refusal, AccountStatus, OpenedAccount};
use crate::money::{Amount, AmountOrZero, Currency};
use crate::text::Actor;

/// What the account may owe is the bank's risk, so only an operator says it. A limit moves no money, so that it may be
/// set while the account is frozen.
pub(super) fn set_overdraft_limit(
    account: &OpenedAccount,
    actor: &Actor,
    limit: AmountOrZero,
    currency: Currency,
    at: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    if !actor.is_operator() {
        return Err(Refusal::Forbidden);
    }
    expect_not_closed(account)?;
    account.expect_currency(currency)?;
    if limit == account.overdraft_limit {
        return Ok(vec![]);
    }
    let owed = account.owed(at);
    if limit < owed {
        return Err(Refusal::OverdraftInUse { owed });
    }
    Ok(vec![Event::OverdraftLimitSet { limit, currency, at }])
}

/// A limit protects the owner from whoever got hold of their session, who must not be able to lift it. Setting the one
/// that stands changes nothing, whoever does it.
pub(super) fn set_daily_transfer_limit(
    account: &OpenedAccount,
    actor: &Actor,
    limit: Option<Amount>,
    currency: Currency,
    at: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    expect_not_closed(account)?;
    account.expect_currency(currency)?;
    let is_stricter = match (account.daily_transfer_limit, limit) {
        (before, after) if before == after => return Ok(vec![]),
        (Some(before), Some(after)) => after < before,
        (None, Some(_)) => true,
        (_, None) => false,
    };
    if !is_stricter && !actor.is_operator() {
        return Err(Refusal::Forbidden);
    }
    Ok(vec![Event::DailyTransferLimitSet { limit, currency, at }])
}

fn expect_not_closed(account: &OpenedAccount) -> Result<(), Refusal> {
    match account.status {
        AccountStatus::Open | AccountStatus::Frozen => Ok(()),
        AccountStatus::Closed | AccountStatus::ClosedWithBalance => Err(Refusal::AccountClosed),
    }
}
