//! Money that an account keeps for somebody without paying it yet.
//!
//! Invariant: what is held stays in the balance and is not available, until the hold is captured, voided or past its
//! expiry. A hold past its expiry counts no longer, whether or not that is recorded already: a sweeper that is late
//! must not keep money from its owner.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::OpenedAccount;
use crate::ids::HoldId;
use crate::money::Amount;
use crate::text::Memo;

/// How many holds of an account may be open at once, which bounds the state.
pub const MAX_OPEN_HOLDS: usize = 100;

/// How long a hold may last.
pub const LONGEST_HOLD: TimeDelta = TimeDelta::days(31);

/// Money that is kept for somebody, in minor units of the account's currency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    /// How much.
    pub amount: Amount,
    /// What for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memo: Option<Memo>,
    /// Whether the owner placed it; what an operator placed, only an operator captures or voids.
    pub by_owner: bool,
    /// When it was placed.
    pub placed_at: DateTime<Utc>,
    /// From when on it counts no longer.
    pub expires_at: DateTime<Utc>,
}

impl Hold {
    /// Whether it counts at `now`.
    #[must_use]
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        now < self.expires_at
    }
}

impl OpenedAccount {
    /// The holds that count at `now`.
    pub fn open_holds(&self, now: DateTime<Utc>) -> impl Iterator<Item = (HoldId, &Hold)> {
        self.holds.iter().filter(move |(_, hold)| hold.is_open(now)).map(|(hold_id, hold)| (*hold_id, hold))
    }

    /// The holds that are past their expiry at `now`, which nobody has recorded yet.
    pub fn overdue_holds(&self, now: DateTime<Utc>) -> impl Iterator<Item = (HoldId, &Hold)> {
        self.holds.iter().filter(move |(_, hold)| !hold.is_open(now)).map(|(hold_id, hold)| (*hold_id, hold))
    }

    /// Whether the hold is among the last ones that were recorded as expired.
    pub(super) fn has_expired(&self, hold_id: HoldId) -> bool {
        self.expired_holds.contains(&hold_id)
    }

    pub(super) fn remember_expired(&mut self, hold_id: HoldId) {
        if self.expired_holds.len() == MAX_OPEN_HOLDS {
            self.expired_holds.remove(0);
        }
        self.expired_holds.push(hold_id);
    }
}
