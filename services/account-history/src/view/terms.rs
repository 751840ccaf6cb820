//! What stands between an account's balance and what may leave it.

use chrono::{DateTime, Utc};
use domain::account::OpenedAccount;
use domain::ids::HoldId;
use domain::money::{Amount, AmountOrZero, Balance};
use domain::text::Memo;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What was available right after an account's event, and why not everything. Amounts are in minor units of the
/// account's currency.
///
/// A hold that has reached its expiry since is still in here until the account records that, about a second later: a
/// view is a function of events, and nothing has happened yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Terms)]
#[serde(rename_all = "camelCase")]
pub struct TermsView {
    /// What might leave the account.
    pub available: Balance,
    /// How much it might owe.
    pub overdraft_limit: AmountOrZero,
    /// How much transfers might take out of it in one UTC day; without one, everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub daily_transfer_limit: Option<Amount>,
    /// The open holds, in the order of their ids.
    pub holds: Vec<HoldView>,
}

/// Money that is kept for somebody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Hold)]
#[serde(rename_all = "camelCase")]
pub struct HoldView {
    /// The hold.
    pub hold_id: HoldId,
    /// How much.
    pub amount: Amount,
    /// What for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub memo: Option<Memo>,
    /// When it was placed.
    pub placed_at: DateTime<Utc>,
    /// From when on it counts no longer.
    pub expires_at: DateTime<Utc>,
}

impl TermsView {
    /// Those of an account as it was right after its event of this time.
    pub(super) fn of(account: &OpenedAccount, at: DateTime<Utc>) -> Self {
        let holds = account.open_holds(at).map(|(hold_id, hold)| HoldView {
            hold_id,
            amount: hold.amount,
            memo: hold.memo.clone(),
            placed_at: hold.placed_at,
            expires_at: hold.expires_at,
        });
        Self {
            available: account.available(at),
            overdraft_limit: account.overdraft_limit,
            daily_transfer_limit: account.daily_transfer_limit,
            holds: holds.collect(),
        }
    }

    /// Those of an account of which everything is available and nothing more.
    #[must_use]
    pub fn plain(balance: Balance) -> Self {
        Self {
            available: balance,
            overdraft_limit: AmountOrZero::ZERO,
            daily_transfer_limit: None,
            holds: Vec::new(),
        }
    }
}
