//! What one event of an account left behind: the row from which entries are listed and the past is read.

use chrono::{DateTime, Utc};
use domain::account::{Account, AccountEvent, AccountStatus};
use domain::bulk_transfer::{BulkLine, balances_after};
use domain::ids::{AccountId, TransferId};
use domain::money::{Amount, Balance};
use domain::text::Memo;
use event_store::{RecordedEvent, Version};
use serde::{Deserialize, Serialize};
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
    /// The money that moved, if any did, and not for the lines of a bulk transfer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<ChangeView>,
    /// The money that moved for each line of a bulk transfer, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<ChangeView>,
}

/// Money that moved into or out of an account, in minor units of its currency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Change)]
#[serde(rename_all = "camelCase")]
pub struct ChangeView {
    /// The event's id; that of a line of a bulk transfer is made of the event's and its transfer's.
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
            lines: changes_of_lines(event, recorded.event_id, at),
        }
    }

    /// How much of the balance was available, and why not everything; the row leaves out what the balance says by itself.
    pub(crate) fn whole_terms(&self) -> TermsView {
        self.terms.clone().unwrap_or_else(|| TermsView::plain(self.balance))
    }

    /// All money that moved, in its order.
    pub(crate) fn changes(&self) -> impl Iterator<Item = &ChangeView> {
        self.change.iter().chain(&self.lines)
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
        | AccountEvent::AccountLinesDebited { .. }
        | AccountEvent::AccountLinesDebitRejected { .. }
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

/// One change for each line of a bulk transfer, as if they had been debited one after the other.
fn changes_of_lines(event: &AccountEvent, event_id: Uuid, at: DateTime<Utc>) -> Vec<ChangeView> {
    let AccountEvent::AccountLinesDebited { lines, balance, .. } = event else {
        return Vec::new();
    };
    let change = |(line, balance): (&BulkLine, Balance)| ChangeView {
        change_id: Uuid::new_v5(&event_id, line.transfer_id.as_uuid().as_bytes()),
        transfer_id: Some(line.transfer_id),
        transaction_type: TransactionType::Debit,
        amount: line.amount,
        balance,
        memo: line.memo.clone(),
        at,
    };
    lines.iter().zip(balances_after(lines, *balance)).map(change).collect()
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
        | AccountEvent::AccountLinesDebited { at, .. }
        | AccountEvent::AccountCredited { at, .. }
        | AccountEvent::AccountDebitReversed { at, .. } => Some(*at),
        AccountEvent::AccountDebitRejected { .. }
        | AccountEvent::AccountLinesDebitRejected { .. }
        | AccountEvent::AccountCreditRejected { .. } => None,
    }
}
