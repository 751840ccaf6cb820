//! An account's part in a bulk transfer: all lines are debited by one event, or none is.
//!
//! Invariant: what is decided about the sum of the lines is what would be decided about one transfer of that much, and
//! the debit is always answered, by the success or by the rejection.

use chrono::{DateTime, Utc};

use super::{Account, AccountEvent as Event, OpenedAccount};
use crate::bulk_transfer::{BulkDetails, total};
use crate::ids::BulkId;
use crate::money::Balance;
use crate::transfer::RefusalReason;

pub(super) fn debit_lines(account: &Account, bulk: &BulkDetails, now: DateTime<Utc>) -> Event {
    match balance_after_lines(account, bulk, now) {
        Ok((account, balance)) => Event::AccountLinesDebited {
            bulk_id: bulk.bulk_id,
            owner: account.owner.clone(),
            from_account_id: bulk.from_account_id,
            currency: bulk.currency,
            lines: bulk.lines.clone(),
            balance,
            at: now,
        },
        Err(reason) => refuse_debit_lines(bulk.bulk_id, reason),
    }
}

pub(super) fn refuse_debit_lines(bulk_id: BulkId, reason: RefusalReason) -> Event {
    Event::AccountLinesDebitRejected { bulk_id, reason }
}

fn balance_after_lines<'a>(
    account: &'a Account,
    bulk: &BulkDetails,
    now: DateTime<Utc>,
) -> Result<(&'a OpenedAccount, Balance), RefusalReason> {
    let account = account.source_of(bulk.actor.as_ref())?;
    if bulk.pays_its_source() {
        return Err(RefusalReason::SameAccount);
    }
    account.expect_movable(bulk.currency, bulk.deadline, now)?;
    // A sum beyond what an amount can be is more than any account has.
    let sum = total(&bulk.lines).ok_or(RefusalReason::InsufficientFunds)?;
    let balance = account.balance_after_transfer(sum, now)?;
    Ok((account, balance))
}
