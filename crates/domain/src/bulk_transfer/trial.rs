//! What would become of a bulk transfer if it were made now.

use chrono::{DateTime, Utc};

use super::BulkDetails;
use crate::Aggregate;
use crate::account::{Account, AccountCommand, AccountEvent};
use crate::transfer::RefusalReason;

/// Why the source would refuse all lines; `None` when it would debit them. The account decides, as it would for the bulk
/// transfer itself, and nothing is changed. What the lines' targets would say is another question: they do not keep a
/// bulk transfer from being debited.
#[must_use]
pub fn trial(source: &Account, bulk: &BulkDetails, now: DateTime<Utc>) -> Option<RefusalReason> {
    let debit = AccountCommand::DebitLines { bulk: bulk.clone(), now };
    // It is always answered by an event.
    source.decide(&debit).unwrap_or_default().into_iter().find_map(|event| match event {
        AccountEvent::AccountLinesDebitRejected { reason, .. } => Some(reason),
        _ => None,
    })
}
