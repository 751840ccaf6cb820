//! What can have happened to an account.
//!
//! Invariant: an event that changes the balance carries the balance after it, so that a reader of one event
//! need not have read the others.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::DomainEvent;
use crate::bulk_transfer::BulkLine;
use crate::event::EventType;
use crate::ids::{AccountId, BulkId, HoldId, TransferId};
use crate::money::{Amount, AmountOrZero, Balance, Currency, Money};
use crate::text::{CustomerId, Memo, Title};
use crate::transfer::{RefusalReason, UnwindReason};

/// A fact about an account. `at` is the time of the decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "type", content = "data", rename_all_fields = "camelCase")]
pub enum AccountEvent {
    /// It was opened, empty.
    AccountOpened {
        /// Its id.
        account_id: AccountId,
        /// Its owner.
        customer_id: CustomerId,
        /// What the owner calls it.
        title: Title,
        /// The currency that it is held in.
        currency: Currency,
        /// When.
        at: DateTime<Utc>,
    },
    /// Money was paid in.
    AccountDeposited {
        /// How much of what.
        money: Money,
        /// What for.
        #[serde(skip_serializing_if = "Option::is_none")]
        memo: Option<Memo>,
        /// The balance after it.
        balance: Balance,
        /// When.
        at: DateTime<Utc>,
    },
    /// Money was paid out.
    AccountWithdrawn {
        /// How much of what.
        money: Money,
        /// What for.
        #[serde(skip_serializing_if = "Option::is_none")]
        memo: Option<Memo>,
        /// The balance after it.
        balance: Balance,
        /// When.
        at: DateTime<Utc>,
    },
    /// Money is kept for somebody; the balance is as before.
    HoldPlaced {
        /// The hold.
        hold_id: HoldId,
        /// How much of what.
        money: Money,
        /// What for.
        #[serde(skip_serializing_if = "Option::is_none")]
        memo: Option<Memo>,
        /// Whether the owner placed it; what an operator placed, only an operator captures or voids.
        by_owner: bool,
        /// From when on it counts no longer.
        expires_at: DateTime<Utc>,
        /// When.
        at: DateTime<Utc>,
    },
    /// Money that was held was paid out, and the rest of the hold is free again.
    HoldCaptured {
        /// The hold.
        hold_id: HoldId,
        /// How much of what was paid out.
        money: Money,
        /// What for, as it was said when the hold was placed.
        #[serde(skip_serializing_if = "Option::is_none")]
        memo: Option<Memo>,
        /// The balance after it.
        balance: Balance,
        /// When.
        at: DateTime<Utc>,
    },
    /// Somebody gave a hold up, and its money is free again.
    HoldVoided {
        /// The hold.
        hold_id: HoldId,
        /// How much of what is free again.
        money: Money,
        /// When.
        at: DateTime<Utc>,
    },
    /// A hold was found past its expiry; its money has been free from then on.
    HoldExpired {
        /// The hold.
        hold_id: HoldId,
        /// How much of what is free again.
        money: Money,
        /// When it was found.
        at: DateTime<Utc>,
    },
    /// An operator said how much the account may owe.
    OverdraftLimitSet {
        /// How much, in minor units of `currency`.
        limit: AmountOrZero,
        /// The account's currency.
        currency: Currency,
        /// When.
        at: DateTime<Utc>,
    },
    /// Somebody said how much transfers may take out of it in one UTC day.
    DailyTransferLimitSet {
        /// How much, in minor units of `currency`; `None` is no limit.
        limit: Option<Amount>,
        /// The account's currency.
        currency: Currency,
        /// When.
        at: DateTime<Utc>,
    },
    /// Movements were stopped.
    AccountFrozen {
        /// Why.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<Memo>,
        /// Whether the owner did it, and may lift it; what an operator froze stays until an operator unfreezes it.
        #[serde(default, skip_serializing_if = "is_false")]
        by_owner: bool,
        /// When.
        at: DateTime<Utc>,
    },
    /// Movements were allowed again.
    AccountUnfrozen {
        /// Why.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<Memo>,
        /// When.
        at: DateTime<Utc>,
    },
    /// It was closed for good, and with it every limit ended.
    AccountClosed {
        /// Why.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<Memo>,
        /// When.
        at: DateTime<Utc>,
    },
    /// A transfer took money out.
    AccountDebited {
        /// The transfer.
        transfer_id: TransferId,
        /// Whose account it is; events of before it was recorded have none.
        #[serde(skip_serializing_if = "Option::is_none")]
        owner: Option<CustomerId>,
        /// This account.
        from_account_id: AccountId,
        /// The account that the money is for.
        to_account_id: AccountId,
        /// How much of what.
        money: Money,
        /// What for.
        #[serde(skip_serializing_if = "Option::is_none")]
        memo: Option<Memo>,
        /// The balance after it.
        balance: Balance,
        /// When.
        at: DateTime<Utc>,
    },
    /// A transfer was refused money from this account.
    AccountDebitRejected {
        /// The transfer.
        transfer_id: TransferId,
        /// Why.
        reason: RefusalReason,
    },
    /// A bulk transfer took the money of all its lines out.
    AccountLinesDebited {
        /// The bulk transfer.
        bulk_id: BulkId,
        /// Whose account it is.
        owner: CustomerId,
        /// This account.
        from_account_id: AccountId,
        /// What all amounts are in.
        currency: Currency,
        /// How much is for whom; each line becomes a transfer.
        lines: Vec<BulkLine>,
        /// The balance after all of them.
        balance: Balance,
        /// When.
        at: DateTime<Utc>,
    },
    /// A bulk transfer was refused money from this account, for any of its lines.
    AccountLinesDebitRejected {
        /// The bulk transfer.
        bulk_id: BulkId,
        /// Why.
        reason: RefusalReason,
    },
    /// A transfer brought money in.
    AccountCredited {
        /// The transfer.
        transfer_id: TransferId,
        /// Whose account it is; events of before it was recorded have none.
        #[serde(skip_serializing_if = "Option::is_none")]
        owner: Option<CustomerId>,
        /// The account that the money came from.
        from_account_id: AccountId,
        /// This account.
        to_account_id: AccountId,
        /// How much of what.
        money: Money,
        /// What for.
        #[serde(skip_serializing_if = "Option::is_none")]
        memo: Option<Memo>,
        /// The balance after it.
        balance: Balance,
        /// When.
        at: DateTime<Utc>,
    },
    /// A transfer's money was refused by this account.
    AccountCreditRejected {
        /// The transfer.
        transfer_id: TransferId,
        /// Why.
        reason: RefusalReason,
    },
    /// A transfer did not go through, and the money that it had taken out is back.
    AccountDebitReversed {
        /// The transfer.
        transfer_id: TransferId,
        /// How much of what.
        money: Money,
        /// Why it did not go through.
        reason: UnwindReason,
        /// The balance after it.
        balance: Balance,
        /// When.
        at: DateTime<Utc>,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

impl DomainEvent for AccountEvent {
    const TYPES: &'static [EventType] = &[
        EventType { name: "AccountOpened", schema_version: 1 },
        EventType { name: "AccountDeposited", schema_version: 1 },
        EventType { name: "AccountWithdrawn", schema_version: 1 },
        EventType { name: "HoldPlaced", schema_version: 1 },
        EventType { name: "HoldCaptured", schema_version: 1 },
        EventType { name: "HoldVoided", schema_version: 1 },
        EventType { name: "HoldExpired", schema_version: 1 },
        EventType { name: "OverdraftLimitSet", schema_version: 1 },
        EventType { name: "DailyTransferLimitSet", schema_version: 1 },
        EventType { name: "AccountFrozen", schema_version: 1 },
        EventType { name: "AccountUnfrozen", schema_version: 1 },
        EventType { name: "AccountClosed", schema_version: 1 },
        EventType { name: "AccountDebited", schema_version: 1 },
        EventType { name: "AccountDebitRejected", schema_version: 1 },
        EventType { name: "AccountLinesDebited", schema_version: 1 },
        EventType { name: "AccountLinesDebitRejected", schema_version: 1 },
        EventType { name: "AccountCredited", schema_version: 1 },
        EventType { name: "AccountCreditRejected", schema_version: 1 },
        EventType { name: "AccountDebitReversed", schema_version: 1 },
    ];
}
