//! The account: a balance in one currency, owned by one customer.
//!
//! Invariant: in every version of an account, `-overdraft limit <= balance <= MAX_MINOR_UNITS`; and when a payment was
//! decided, it left what is held for others ([`Hold`]).
//!
//! An account answers two kinds of caller. Whoever stands in front of it (a customer, an operator) is refused
//! with an [`AccountRefusal`]. A transfer waits elsewhere, so its refusals are events like its successes.

mod bulk_steps;
mod command;
mod decide;
mod event;
mod evolve;
mod funds;
mod holds;
mod refusal;
mod spending;
mod transfer_steps;

pub use command::AccountCommand;
pub use event::AccountEvent;
pub use holds::{Hold, LONGEST_HOLD, MAX_OPEN_HOLDS};
pub use refusal::AccountRefusal;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Aggregate;
use crate::ids::{AccountId, HoldId};
use crate::money::{Amount, AmountOrZero, Balance, Currency};
use crate::text::{CustomerId, Title};
use crate::words::words;
use spending::Spending;

/// An account's state; the default is an account that was never opened.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Account(Option<OpenedAccount>);

/// What there is to know about an account from its opening on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenedAccount {
    /// Its id.
    pub account_id: AccountId,
    /// The customer it belongs to.
    pub owner: CustomerId,
    /// What the owner calls it.
    pub title: Title,
    /// The currency of its balance; no other can be deposited, withdrawn, debited or credited.
    pub currency: Currency,
    /// What it holds now, or owes, in minor units of `currency`.
    pub balance: Balance,
    /// What may be done with it.
    pub status: AccountStatus,
    /// While it is frozen: whether its owner froze it, and may unfreeze it. States of before it was known are kept in views.
    #[serde(default)]
    pub frozen_by_owner: bool,
    /// How much it may owe.
    #[serde(default)]
    pub overdraft_limit: AmountOrZero,
    /// How much transfers may take out of it in one UTC day; without one, everything.
    #[serde(default)]
    pub daily_transfer_limit: Option<Amount>,
    #[serde(default)]
    spending: Option<Spending>,
    /// Money that is kept for somebody; also what is past its expiry, until that is recorded.
    #[serde(default)]
    pub holds: BTreeMap<HoldId, Hold>,
    /// The last holds that were recorded as expired, at most [`MAX_OPEN_HOLDS`], so that who comes too late is told why.
    #[serde(default)]
    expired_holds: Vec<HoldId>,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
}

words! {
    /// What may be done with an account that was opened.
    pub enum AccountStatus {
        /// Everything.
        Open = "open",
        /// Nothing but unfreezing it; a debit that is taken back still arrives.
        Frozen = "frozen",
        /// Nothing any more; a debit that is taken back still arrives.
        Closed = "closed",
        /// Closed, and a debit was taken back afterwards: the money can only be withdrawn.
        ClosedWithBalance = "closed-with-balance",
    }
}

impl Account {
    /// What is known about the account; `None` when it was never opened.
    #[must_use]
    pub fn opened(&self) -> Option<&OpenedAccount> {
        self.0.as_ref()
    }

    /// What the account holds; nothing when it was never opened.
    #[must_use]
    pub fn balance(&self) -> Balance {
        self.opened().map_or(Balance::ZERO, |opened| opened.balance)
    }

    /// What may be done with the account; `None` when it was never opened.
    #[must_use]
    pub fn status(&self) -> Option<AccountStatus> {
        self.opened().map(|opened| opened.status)
    }
}

impl Aggregate for Account {
    const TYPE: &'static str = "account";
    const STATE_SCHEMA_VERSION: u32 = 4;

    type Command = AccountCommand;
    type Event = AccountEvent;
    type Refusal = AccountRefusal;

    fn decide(&self, command: &AccountCommand) -> Result<Vec<AccountEvent>, AccountRefusal> {
        decide::decide(self, command)
    }

    fn evolve(self, event: &AccountEvent) -> Self {
        evolve::evolve(self, event)
    }

    /// The first expiry of a hold. Nothing else about an account comes about by waiting.
    fn deadline(&self) -> Option<DateTime<Utc>> {
        self.opened()?.holds.values().map(|hold| hold.expires_at).min()
    }

    fn heap_bytes(&self) -> usize {
        let memo = |hold: &Hold| hold.memo.as_ref().map_or(0, |memo| memo.as_str().len());
        let hold = |hold: &Hold| size_of::<(HoldId, Hold)>() + memo(hold);
        self.opened().map_or(0, |opened| {
            opened.owner.as_str().len()
                + opened.title.as_str().len()
                + opened.holds.values().map(hold).sum::<usize>()
                + opened.spending.as_ref().map_or(0, Spending::heap_bytes)
                + opened.expired_holds.capacity() * size_of::<HoldId>()
        })
    }
}
