//! What may leave an account, and how much it owes.

use chrono::{DateTime, Utc};

use super::{AccountRefusal, OpenedAccount};
use crate::ids::HoldId;
use crate::money::{Amount, AmountOrZero, Balance};

impl OpenedAccount {
    /// What may leave the account at `now`: its balance and what it may owe, without what is held. Never below zero,
    /// and never above what a single payment may have.
    #[must_use]
    pub fn available(&self, now: DateTime<Utc>) -> Balance {
        self.available_after(None, now)
    }

    /// The balance after a payment of `amount`, if so much is available at `now`. A payment that captures a hold has
    /// what is held for it, too.
    pub(super) fn balance_after(
        &self,
        amount: Amount,
        captured: Option<HoldId>,
        now: DateTime<Utc>,
    ) -> Result<Balance, AccountRefusal> {
        let available = self.available_after(captured, now);
        let fits = Balance::from(amount) <= available;
        let balance = if fits { self.balance.checked_sub(amount) } else { None };
        balance.ok_or(AccountRefusal::InsufficientFunds { available, requested: amount })
    }

    /// How much the account would owe if everything that is held at `now` were paid out.
    pub(super) fn owed(&self, now: DateTime<Utc>) -> AmountOrZero {
        let owed = (-self.without_holds(None, now)).max(0);
        u64::try_from(owed).ok().and_then(|owed| AmountOrZero::new(owed).ok()).unwrap_or(AmountOrZero::MAX)
    }

    /// What is available once a hold is released.
    fn available_after(&self, released: Option<HoldId>, now: DateTime<Utc>) -> Balance {
        let room = self.without_holds(released, now) + i128::from(self.overdraft_limit.minor_units());
        i64::try_from(room.max(0)).ok().and_then(|room| Balance::new(room).ok()).unwrap_or(Balance::MAX)
    }

    /// The balance without the open holds, except one.
    fn without_holds(&self, except: Option<HoldId>, now: DateTime<Utc>) -> i128 {
        let others = self.open_holds(now).filter(|(hold_id, _)| except != Some(*hold_id));
        let held: i128 = others.map(|(_, hold)| i128::from(hold.amount.minor_units())).sum();
        i128::from(self.balance.minor_units()) - held
    }
}
