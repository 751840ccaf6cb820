//! The records of bulk transfers beside what their source really did, and the transfers that their lines became.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::bulk_transfer::{BulkDetails, BulkStatus, BulkTransfer, CreatedBulk};
use domain::ids::TransferId;
use event_store::RecordedEvent;
use uuid::Uuid;

use super::accounts::{AccountLedger, LinesDebit};
use super::transfers::TransferRecord;
use super::{Finding, Invariant, streams};

pub(super) fn read(events: &[RecordedEvent], findings: &mut Vec<Finding>) -> BTreeMap<Uuid, BulkTransfer> {
    streams::fold(events, findings)
}

/// Whether something is still to be done for the bulk itself.
pub(super) fn is_pending(bulk: &BulkTransfer) -> bool {
    bulk.created().is_some_and(|created| !created.is_done())
}

/// The lines of bulk transfers that are not yet known to have become transfers.
pub(super) fn lines_to_come(bulks: &BTreeMap<Uuid, BulkTransfer>) -> HashSet<TransferId> {
    let pending = bulks.values().filter_map(BulkTransfer::created).filter(|created| !created.is_done());
    pending.flat_map(|created| &created.details.lines).map(|line| line.transfer_id).collect()
}

/// `before` was read before the accounts, so that what was answered by then must show in the accounts. `bulks` was read
/// after them and before `transfers`, so that every bulk that an account debited must exist, and every line that was
/// started by then must be a transfer.
pub(super) fn are_atomic(
    bulks: &BTreeMap<Uuid, BulkTransfer>,
    before: &BTreeMap<Uuid, BulkTransfer>,
    accounts: &BTreeMap<Uuid, AccountLedger>,
    transfers: &BTreeMap<Uuid, TransferRecord>,
    findings: &mut Vec<Finding>,
) {
    let mut report = |id: Uuid, detail: String| findings.push(finding(id, detail));
    let mut debits: HashMap<Uuid, Vec<(Uuid, &LinesDebit)>> = HashMap::new();
    for (account, ledger) in accounts {
        for debit in &ledger.lines_debits {
            debits.entry(debit.bulk_id.0).or_default().push((*account, debit));
        }
    }
    for (id, debits) in &debits {
        match bulks.get(id).and_then(BulkTransfer::created) {
            None => report(*id, "an account was debited for it, but it was never created".to_owned()),
            Some(created) if !is_possible(debits, &created.details) => {
                report(*id, "its source was not debited once for just its lines".to_owned());
            }
            Some(_) => {}
        }
    }
    for (id, created) in created(before) {
        let (status, debits) = (created.status(), debits.get(&id).map_or(0, Vec::len));
        if status.has_ended() && (status == BulkStatus::Debited) != (debits == 1) {
            report(id, format!("`{status}` with {debits} debits"));
        }
    }
    for (id, created) in created(bulks) {
        let is_started = created.is_done() && created.status() == BulkStatus::Debited;
        let lines = created.details.lines.iter().filter(|_| is_started);
        let missing = lines.filter(|line| !is_its_transfer(transfers, &created.details, line.transfer_id));
        for line in missing {
            report(id, format!("its line {} was debited and is no transfer of it", line.transfer_id));
        }
    }
}

/// Every bulk transfer ends: its source has answered and its lines are transfers, at the latest after its deadline.
pub(super) fn end(
    bulks: &BTreeMap<Uuid, BulkTransfer>,
    overdue_since: DateTime<Utc>,
    findings: &mut Vec<Finding>,
) {
    for (id, created) in created(bulks).filter(|(_, created)| !created.is_done()) {
        let (status, deadline) = (created.status(), created.details.deadline);
        if deadline < overdue_since {
            let detail = format!("still `{status}` and not done, though its deadline was {deadline}");
            findings.push(finding(id, detail));
        }
    }
}

/// A transfer that says it is a line is one: the bulk transfer was debited, and has it. `transfers_before` was read
/// before `bulks`.
pub(super) fn own_their_lines(
    bulks: &BTreeMap<Uuid, BulkTransfer>,
    transfers_before: &BTreeMap<Uuid, TransferRecord>,
    findings: &mut Vec<Finding>,
) {
    for (id, record) in transfers_before {
        let Some(details) = record.state.created().map(|created| &created.details) else { continue };
        let Some(bulk_id) = details.bulk_id else { continue };
        let bulk = bulks.get(&bulk_id.0).and_then(BulkTransfer::created);
        let debited = bulk.filter(|created| created.status() == BulkStatus::Debited);
        let is_line = |bulk: &BulkDetails| bulk.lines.iter().any(|line| bulk.transfer_of(line) == *details);
        if !debited.is_some_and(|created| is_line(&created.details)) {
            findings.push(finding(bulk_id.0, format!("transfer {id} says it is a line of it, and is none")));
        }
    }
}

fn created(bulks: &BTreeMap<Uuid, BulkTransfer>) -> impl Iterator<Item = (Uuid, &CreatedBulk)> {
    bulks.iter().filter_map(|(id, bulk)| bulk.created().map(|created| (*id, created)))
}

/// Whether the source, and no other account, was debited for all lines, once.
fn is_possible(debits: &[(Uuid, &LinesDebit)], bulk: &BulkDetails) -> bool {
    let expected = LinesDebit {
        bulk_id: bulk.bulk_id,
        from_account_id: bulk.from_account_id,
        currency: bulk.currency,
        lines: bulk.lines.clone(),
    };
    debits == [(bulk.from_account_id.0, &expected)]
}

fn is_its_transfer(
    transfers: &BTreeMap<Uuid, TransferRecord>,
    bulk: &BulkDetails,
    transfer_id: TransferId,
) -> bool {
    let created = transfers.get(&transfer_id.0).and_then(|record| record.state.created());
    let line = bulk.lines.iter().find(|line| line.transfer_id == transfer_id);
    created.zip(line).is_some_and(|(created, line)| created.details == bulk.transfer_of(line))
}

fn finding(id: Uuid, detail: String) -> Finding {
    Finding::new(Invariant::BulksAreAtomic, format!("bulk-transfer/{id}"), detail)
}
