//! What can be asked of an account.

use chrono::{DateTime, Utc};

use crate::bulk_transfer::BulkDetails;
use crate::ids::{AccountId, BulkId, HoldId};
use crate::money::{Amount, AmountOrZero, Currency, Money};
use crate::text::{Actor, CustomerId, Memo, Title};
use crate::transfer::{RefusalReason, TransferDetails, UnwindReason};

/// A request to change an account. `now` is the time at which it is decided.
#[derive(Debug, Clone, PartialEq)]
pub enum AccountCommand {
    /// Open it. An initial balance counts as a deposit.
    Open {
        /// Who asks.
        actor: Actor,
        /// The id that was assigned to it.
        account_id: AccountId,
        /// Its owner; only an operator opens an account for somebody else.
        customer_id: CustomerId,
        /// What the owner calls it.
        title: Title,
        /// The currency that it is held in for good.
        currency: Currency,
        /// What is paid in at once, in minor units of `currency`.
        initial_balance: Option<Amount>,
        /// The time.
        now: DateTime<Utc>,
    },
    /// Pay money in.
    Deposit {
        /// Who asks.
        actor: Actor,
        /// How much of what.
        money: Money,
        /// What for.
        memo: Option<Memo>,
        /// The time.
        now: DateTime<Utc>,
    },
    /// Pay money out. What a closed account holds is paid out by an operator.
    Withdraw {
        /// Who asks.
        actor: Actor,
        /// How much of what.
        money: Money,
        /// What for.
        memo: Option<Memo>,
        /// The time.
        now: DateTime<Utc>,
    },
    /// Keep money for somebody, so that nothing else takes it, until it is captured, voided or expired.
    PlaceHold {
        /// Who asks.
        actor: Actor,
        /// The id that was assigned to it.
        hold_id: HoldId,
        /// How much of what.
        money: Money,
        /// What for.
        memo: Option<Memo>,
        /// From when on it counts no longer.
        expires_at: DateTime<Utc>,
        /// The time.
        now: DateTime<Utc>,
    },
    /// Pay out what is held, or less of it; the rest is free again.
    CaptureHold {
        /// Who asks: whoever may withdraw. What an operator placed, only an operator captures.
        actor: Actor,
        /// The hold.
        hold_id: HoldId,
        /// How much, in minor units of the account's currency; everything when it is not said.
        amount: Option<Amount>,
        /// The time.
        now: DateTime<Utc>,
    },
    /// Free what is held; what an operator placed, only an operator voids.
    VoidHold {
        /// Who asks.
        actor: Actor,
        /// The hold.
        hold_id: HoldId,
        /// The time.
        now: DateTime<Utc>,
    },
    /// Record which holds are past their expiry.
    ExpireHolds {
        /// The time.
        now: DateTime<Utc>,
    },
    /// Say how much the account may owe; only an operator does.
    SetOverdraftLimit {
        /// Who asks.
        actor: Actor,
        /// How much, in minor units of `currency`.
        limit: AmountOrZero,
        /// The account's currency.
        currency: Currency,
        /// The time.
        now: DateTime<Utc>,
    },
    /// Say how much transfers may take out of it in one UTC day. The owner sets the first limit and lowers it; only an
    /// operator raises or removes one, so that whoever got hold of a customer's session cannot.
    SetDailyTransferLimit {
        /// Who asks.
        actor: Actor,
        /// How much, in minor units of `currency`; `None` is no limit.
        limit: Option<Amount>,
        /// The account's currency.
        currency: Currency,
        /// The time.
        now: DateTime<Utc>,
    },
    /// Stop all movements until it is unfrozen.
    Freeze {
        /// Who asks.
        actor: Actor,
        /// Why.
        reason: Option<Memo>,
        /// The time.
        now: DateTime<Utc>,
    },
    /// Allow movements again; what an operator froze, only an operator unfreezes.
    Unfreeze {
        /// Who asks.
        actor: Actor,
        /// Why.
        reason: Option<Memo>,
        /// The time.
        now: DateTime<Utc>,
    },
    /// Close it for good; its balance must be zero, and nothing may be held.
    Close {
        /// Who asks.
        actor: Actor,
        /// Why.
        reason: Option<Memo>,
        /// The time.
        now: DateTime<Utc>,
    },
    /// As the source of a transfer: take the money out, or refuse to.
    Debit {
        /// The transfer.
        transfer: TransferDetails,
        /// The time, which must be before the transfer's deadline.
        now: DateTime<Utc>,
    },
    /// Give up on a debit: if it was not answered yet, this is the answer.
    RefuseDebit {
        /// The transfer.
        transfer: TransferDetails,
        /// Why.
        reason: RefusalReason,
    },
    /// As the source of a bulk transfer: take the money of all lines out, or refuse to.
    DebitLines {
        /// The bulk transfer.
        bulk: BulkDetails,
        /// The time, which must be before the bulk transfer's deadline.
        now: DateTime<Utc>,
    },
    /// Give up on the debit of a bulk transfer: if it was not answered yet, this is the answer.
    RefuseDebitLines {
        /// The bulk transfer.
        bulk_id: BulkId,
        /// Why.
        reason: RefusalReason,
    },
    /// As the target of a transfer: take the money in, or refuse to.
    Credit {
        /// The transfer.
        transfer: TransferDetails,
        /// The time, which must be before the transfer's deadline.
        now: DateTime<Utc>,
    },
    /// Give up on a credit: if it was not answered yet, this is the answer.
    RefuseCredit {
        /// The transfer.
        transfer: TransferDetails,
        /// Why.
        reason: RefusalReason,
    },
    /// As the source of a transfer that does not go through: take the debit back.
    ReverseDebit {
        /// The transfer.
        transfer: TransferDetails,
        /// Why it does not go through.
        reason: UnwindReason,
        /// The time.
        now: DateTime<Utc>,
    },
}
