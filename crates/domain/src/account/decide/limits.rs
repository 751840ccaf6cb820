//! How far an account may go.

use chrono::{DateTime, Utc};

use super::super::{AccountEvent as Event, AccountRefusal as Refusal, AccountStatus, OpenedAccount};
use crate::money::{AmountOrZero, Currency};
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
    let owed = account.owed(at);
    match limit {
        _ if limit == account.overdraft_limit => Ok(vec![]),
        _ if limit < owed => Err(Refusal::OverdraftInUse { owed }),
        _ => Ok(vec![Event::OverdraftLimitSet { limit, currency, at }]),
    }
}

fn expect_not_closed(account: &OpenedAccount) -> Result<(), Refusal> {
    match account.status {
        AccountStatus::Open | AccountStatus::Frozen => Ok(()),
        AccountStatus::Closed | AccountStatus::ClosedWithBalance => Err(Refusal::AccountClosed),
    }
}
