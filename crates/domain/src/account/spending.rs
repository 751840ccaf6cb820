//! What transfers take out of an account in one day, against the limit that its owner wants.
//!
//! Invariant: whenever a debit was decided while a limit stood, the debits of its UTC day, without those that had been
//! taken back, summed up to no more than the limit.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::OpenedAccount;
use crate::ids::TransferId;
use crate::money::Amount;

/// The debits of the last day that had any.
///
/// Which transfer made which is remembered only while there is a limit, because a busy account has too many of them to
/// keep. On the day when an account gets its first limit, a debit of before that was taken back counts all the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Spending {
    day: NaiveDate,
    /// In minor units. Far beyond what any limit can be, it stays where it is.
    total: u64,
    /// The debits that give their room back when they are taken back.
    debits: BTreeMap<TransferId, Amount>,
}

impl OpenedAccount {
    /// Whether a transfer may still take out so much on the day of `now`.
    pub(super) fn is_within_daily_limit(&self, amount: Amount, now: DateTime<Utc>) -> bool {
        // A clock that is behind meets debits of a day that has not begun for it. They count, or it would have a day
        // of its own.
        let spending = self.spending.as_ref().filter(|spending| spending.day >= now.date_naive());
        let spent = spending.map_or(0, |spending| spending.total);
        let limit = self.daily_transfer_limit;
        limit.is_none_or(|limit| spent.saturating_add(amount.minor_units()) <= limit.minor_units())
    }

    pub(super) fn note_debit(&mut self, transfer_id: TransferId, amount: Amount, at: DateTime<Utc>) {
        let day = at.date_naive();
        let today = self.spending.take().filter(|spending| spending.day >= day);
        let mut today = today.unwrap_or(Spending { day, total: 0, debits: BTreeMap::new() });
        today.total = today.total.saturating_add(amount.minor_units());
        if self.daily_transfer_limit.is_some() {
            today.debits.insert(transfer_id, amount);
        }
        self.spending = Some(today);
    }

    /// What was debited on another day gives nothing back.
    pub(super) fn note_reversal(&mut self, transfer_id: TransferId, at: DateTime<Utc>) {
        let today = self.spending.as_mut().filter(|spending| spending.day == at.date_naive());
        if let Some(today) = today
            && let Some(amount) = today.debits.remove(&transfer_id)
        {
            today.total = today.total.saturating_sub(amount.minor_units());
        }
    }

    pub(super) fn note_daily_limit(&mut self, limit: Option<Amount>) {
        self.daily_transfer_limit = limit;
        if let (None, Some(spending)) = (limit, &mut self.spending) {
            spending.debits.clear();
        }
    }
}

impl Spending {
    pub(super) fn heap_bytes(&self) -> usize {
        self.debits.len() * size_of::<(TransferId, Amount)>()
    }
}
