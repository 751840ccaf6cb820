//! What one event of an account left behind: the row from which entries are listed and the past is read.

use chrono::{DateTime, Utc};
use domain::account::{Account, AccountEvent, AccountStatus};
use domain::ids::{AccountId, TransferId};
use domain::money::{Amount, Balance};
use domain::text::Memo;
use event_store::{RecordedEvent, Version};
use serde::{Deserialize, Serialize};
use service_kit::openapi::StreamVersion;
use utoipa::ToSchema;
use uuid::Uuid;

use super::terms::TermsView;

/// An account right after one event of its stream; there is one for every version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Moment {
    /// The account.
    pub account_id: AccountId,
    /// Its version.
    pub version: Version,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What might be done with the account then; `None` when it was not opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<AccountStatus>,
    /// What it held then.
    pub balance: Balance,
    /// How much of that was available, where that was not just everything. Rows of before there were holds and
    /// limits have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<TermsView>,
    /// The money that moved, if any did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<ChangeView>,
}

/// Money that moved into or out of an account, in minor units of its currency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Change)]
#[serde(rename_all = "camelCase")]
pub struct ChangeView {
    /// The event's id.
    pub change_id: Uuid,
    /// The transfer that moved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub transfer_id: Option<TransferId>,
    /// What kind of change it was, and so in which direction.
    pub transaction_type: TransactionType,
    /// How much moved.
    pub amount: Amount,
    /// What the account held after it.
    pub balance: Balance,
    /// What it was for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub memo: Option<Memo>,
    /// When.
    pub at: DateTime<Utc>,
}

/// A change with its place in the account's stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Entry)]
#[serde(rename_all = "camelCase")]
pub struct EntryView {
    /// The account.
    pub account_id: AccountId,
    /// The version of the account that it made.
    #[schema(value_type = StreamVersion)]
    pub version: Version,
    /// What changed.
    #[serde(flatten)]
    pub change: ChangeView,
}

/// What kind of change it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TransactionType {
    /// Paid in.
    Deposit,
    /// Paid out.
    Withdrawal,
    /// Paid out of a hold.
    Capture,
    /// Taken out by a transfer.
    Debit,
    /// Brought in by a transfer.
    Credit,
    /// Given back by a transfer that did not go through.
    DebitReversal,
}

impl Moment {
    /// The row that `event` leaves, after which the account is `account`.
    pub(super) fn after(account: &Account, recorded: &RecordedEvent, event: &AccountEvent) -> Self {
        let at = time_of(event).unwrap_or(recorded.recorded_at);
        Self {
            account_id: AccountId(recorded.stream.aggregate_id),
            version: recorded.version,
            at,
            state: account.status(),
            balance: account.balance(),
            terms: None,
            change: change_of(event, recorded.event_id, at),
        }
    }

    /// The entry that stands in the account's list, if money moved.
    #[must_use]
    pub fn entry(&self) -> Option<EntryView> {
        let change = self.change.clone()?;
        Some(EntryView { account_id: self.account_id, version: self.version, change })
    }
}

fn change_of(event: &AccountEvent, change_id: Uuid, at: DateTime<Utc>) -> Option<ChangeView> {
    use TransactionType as Type;
    let (transaction_type, transfer_id, money, balance, memo) = match event {
        AccountEvent::AccountDeposited { money, memo, balance, .. } => {
            (Type::Deposit, None, money, balance, memo.clone())
        }
        AccountEvent::AccountWithdrawn { money, memo, balance, .. } => {
            (Type::Withdrawal, None, money, balance, memo.clone())
        }
        AccountEvent::HoldCaptured { money, memo, balance, .. } => {
            (Type::Capture, None, money, balance, memo.clone())
        }
        AccountEvent::AccountDebited { transfer_id, money, memo, balance, .. } => {
            (Type::Debit, Some(*transfer_id), money, balance, memo.clone())
        }
        AccountEvent::AccountCredited { transfer_id, money, memo, balance, .. } => {
            (Type::Credit, Some(*transfer_id), money, balance, memo.clone())
        }
        AccountEvent::AccountDebitReversed { transfer_id, money, balance, .. } => {
            (Type::DebitReversal, Some(*transfer_id), money, balance, None)
        }
        AccountEvent::AccountOpened { .. }
        | AccountEvent::OverdraftLimitSet { .. }
        | AccountEvent::DailyTransferLimitSet { .. }
        | AccountEvent::HoldPlaced { .. }
        | AccountEvent::HoldVoided { .. }
        | AccountEvent::HoldExpired { .. }
        | AccountEvent::AccountFrozen { .. }
        | AccountEvent::AccountUnfrozen { .. }
        | AccountEvent::AccountClosed { .. }
        | AccountEvent::AccountDebitRejected { .. }
        | AccountEvent::AccountCreditRejected { .. } => return None,
    };
    Some(ChangeView {
        change_id,
        transfer_id,
        transaction_type,
        amount: money.amount,
        balance: *balance,
        memo,
        at,
    })
}

/// A rejection does not say when it was decided; when it was recorded stands for it.
fn time_of(event: &AccountEvent) -> Option<DateTime<Utc>> {
    match event {
        AccountEvent::AccountOpened { at, .. }
        | AccountEvent::AccountDeposited { at, .. }
        | AccountEvent::AccountWithdrawn { at, .. }
        | AccountEvent::OverdraftLimitSet { at, .. }
        | AccountEvent::DailyTransferLimitSet { at, .. }
        | AccountEvent::HoldPlaced { at, .. }
        | AccountEvent::HoldCaptured { at, .. }
        | AccountEvent::HoldVoided { at, .. }
        | AccountEvent::HoldExpired { at, .. }
        | AccountEvent::AccountFrozen { at, .. }
        | AccountEvent::AccountUnfrozen { at, .. }
        | AccountEvent::AccountClosed { at, .. }
        | AccountEvent::AccountDebited { at, .. }
        | AccountEvent::AccountCredited { at, .. }
        | AccountEvent::AccountDebitReversed { at, .. } => Some(*at),
        AccountEvent::AccountDebitRejected { .. } | AccountEvent::AccountCreditRejected { .. } => None,
    }
}
