//! What would become of a transfer if it were made now.

use chrono::{DateTime, Utc};

use super::{RefusalReason, TransferDetails};
use crate::Aggregate;
use crate::account::{Account, AccountCommand, AccountEvent};

/// Why the transfer between these accounts would fail; `None` when it would complete. The accounts decide, as they would
/// for the transfer itself, and nothing is changed. By the time that it is made they may decide otherwise.
#[must_use]
pub fn trial(
    source: &Account,
    target: &Account,
    transfer: &TransferDetails,
    now: DateTime<Utc>,
) -> Option<RefusalReason> {
    if transfer.from_account_id == transfer.to_account_id {
        return Some(RefusalReason::SameAccount);
    }
    let debit = AccountCommand::Debit { transfer: transfer.clone(), now };
    let credit = AccountCommand::Credit { transfer: transfer.clone(), now };
    refusal(source, &debit).or_else(|| refusal(target, &credit))
}

/// Both steps are always answered by an event.
fn refusal(account: &Account, step: &AccountCommand) -> Option<RefusalReason> {
    account.decide(step).unwrap_or_default().into_iter().find_map(|event| match event {
        AccountEvent::AccountDebitRejected { reason, .. }
        | AccountEvent::AccountCreditRejected { reason, .. } => Some(reason),
        _ => None,
    })
}
