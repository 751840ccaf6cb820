//! What is to move, in the messages about a bulk transfer, so that nobody who reads one must look anything up.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::command_id::line_transfer_id;
use crate::ids::{AccountId, BulkId, TransferId};
use crate::money::{Amount, Balance, Currency, Money};
use crate::text::{Actor, Memo};
use crate::transfer::TransferDetails;

/// The most lines of a bulk transfer. It bounds an event with all of them: with the longest memos it stays below a tenth
/// of the megabyte that a message may have.
pub const MAX_LINES: usize = 100;

/// What a bulk transfer moves from where to where, for whom and until when. It never changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct BulkDetails {
    /// The bulk transfer.
    pub bulk_id: BulkId,
    /// The source of all lines: where the money is taken out.
    pub from_account_id: AccountId,
    /// What all amounts are in.
    pub currency: Currency,
    /// Where the money goes, line by line.
    pub lines: Vec<BulkLine>,
    /// Who asked for it, and must therefore be allowed to take money from the source; without one the bank
    /// itself did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// No account debits or credits at this time or later.
    pub deadline: DateTime<Utc>,
}

/// One line of a bulk transfer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = BulkTransferLine))]
#[serde(rename_all = "camelCase")]
pub struct BulkLine {
    /// The transfer that the line becomes once it is debited.
    pub transfer_id: TransferId,
    /// The target: where the money goes.
    pub to_account_id: AccountId,
    /// How much, in minor units of the bulk's currency.
    pub amount: Amount,
    /// What for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memo: Option<Memo>,
}

impl BulkDetails {
    /// The transfer that `line` becomes.
    #[must_use]
    pub fn transfer_of(&self, line: &BulkLine) -> TransferDetails {
        TransferDetails {
            transfer_id: line.transfer_id,
            from_account_id: self.from_account_id,
            to_account_id: line.to_account_id,
            money: Money::new(line.amount, self.currency),
            memo: line.memo.clone(),
            actor: self.actor.clone(),
            deadline: self.deadline,
            reversal_of: None,
            bulk_id: Some(self.bulk_id),
            order_id: None,
        }
    }

    /// Whether a line would leave its money where it is.
    #[must_use]
    pub fn pays_its_source(&self) -> bool {
        self.lines.iter().any(|line| line.to_account_id == self.from_account_id)
    }
}

impl BulkLine {
    /// The line at `place`, from 0, of a bulk transfer; its transfer's id follows from that.
    #[must_use]
    pub fn at(
        bulk_id: BulkId,
        place: usize,
        to_account_id: AccountId,
        amount: Amount,
        memo: Option<Memo>,
    ) -> Self {
        Self { transfer_id: line_transfer_id(bulk_id, place), to_account_id, amount, memo }
    }
}

/// What the lines move together; `None` when that is nothing, or more than an account can hold.
#[must_use]
pub fn total(lines: &[BulkLine]) -> Option<Amount> {
    let sum = lines.iter().try_fold(0_u64, |sum, line| sum.checked_add(line.amount.minor_units()));
    sum.and_then(|sum| Amount::new(sum).ok())
}

/// What the source held after each of its debited lines, when `last` was left after all of them.
///
/// The lines are debited at once. This is how they are told one by one, so that each says a balance that fits the one
/// before it. No such balance is further from zero than the one before the debit or the one after it.
#[must_use]
pub fn balances_after(lines: &[BulkLine], last: Balance) -> Vec<Balance> {
    let mut balances: Vec<Balance> = lines
        .iter()
        .rev()
        .scan(last, |after, line| {
            let balance = *after;
            *after = balance.checked_add(line.amount).unwrap_or(Balance::MAX);
            Some(balance)
        })
        .collect();
    balances.reverse();
    balances
}
