//! The saga's records beside what the accounts really did.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use domain::Aggregate;
use domain::ids::TransferId;
use domain::transfer::{MoneyTransfer, TransferEvent, TransferStatus};
use event_store::RecordedEvent;
use uuid::Uuid;

use super::accounts::{AccountLedger, Answer};
use super::{Finding, Invariant};

/// A transfer folded from its own events.
#[derive(Debug, Default)]
pub(super) struct TransferRecord {
    state: MoneyTransfer,
}

impl TransferRecord {
    pub(super) fn is_created(&self) -> bool {
        self.state.created().is_some()
    }

    pub(super) fn is_pending(&self) -> bool {
        self.state.created().is_some_and(|created| !created.status().has_ended())
    }
}

pub(super) fn read(events: &[RecordedEvent], findings: &mut Vec<Finding>) -> BTreeMap<Uuid, TransferRecord> {
    let mut transfers: BTreeMap<Uuid, TransferRecord> = BTreeMap::new();
    let mut versions: HashMap<Uuid, i64> = HashMap::new();
    for event in events {
        let version = versions.entry(event.stream.aggregate_id).or_default();
        *version += 1;
        if event.version.0 != *version {
            let detail = format!("version {version} is missing: the next event is version {}", event.version);
            findings.push(Finding::new(Invariant::StreamsAreWhole, &event.stream, detail));
            *version = event.version.0;
        }
        let record = transfers.entry(event.stream.aggregate_id).or_default();
        match event.decode::<TransferEvent>() {
            Ok(decoded) => record.state = std::mem::take(&mut record.state).evolve(&decoded),
            Err(error) => findings.push(Finding::new(
                Invariant::StreamsAreWhole,
                &event.stream,
                format!("version {} cannot be read: {error}", event.version),
            )),
        }
    }
    transfers
}

/// What all accounts together did for one transfer.
#[derive(Debug, Default)]
struct Effect {
    debits: Vec<i128>,
    credits: Vec<i128>,
    reversals: Vec<i128>,
}

/// `ended_before` was read before the accounts, so that what had ended by then must show in the accounts;
/// `transfers` was read after them, so that every transfer that an account knows must exist.
pub(super) fn end(
    transfers: &BTreeMap<Uuid, TransferRecord>,
    ended_before: &BTreeMap<Uuid, TransferRecord>,
    accounts: &BTreeMap<Uuid, AccountLedger>,
    overdue_since: DateTime<Utc>,
    findings: &mut Vec<Finding>,
) {
    let effects = effects(accounts);
    for (id, effect) in &effects {
        let subject = format!("transfer/{id}");
        let Some(created) = transfers.get(&id.0).and_then(|transfer| transfer.state.created()) else {
            findings.push(Finding::new(
                Invariant::TransfersEnd,
                subject,
                "accounts moved money for it, but it was never created",
            ));
            continue;
        };
        let amount = i128::from(created.details.money.amount.minor_units());
        let moved = [&effect.debits, &effect.credits, &effect.reversals];
        if moved.iter().any(|step| step.len() > 1 || step.iter().any(|moved| *moved != amount)) {
            let detail = format!("of {amount} it moved {effect:?}");
            findings.push(Finding::new(Invariant::TransfersEnd, subject, detail));
        }
    }
    for (id, transfer) in ended_before {
        if let Some(detail) = wrong_end(transfer, effects.get(&TransferId(*id))) {
            findings.push(Finding::new(Invariant::TransfersEnd, format!("transfer/{id}"), detail));
        }
    }
    for (id, transfer) in transfers {
        let overdue = transfer.state.deadline().filter(|deadline| *deadline < overdue_since);
        if let (Some(status), Some(deadline)) = (transfer.state.status(), overdue) {
            let detail = format!("still `{status}`, though it was to be looked at again at {deadline}");
            findings.push(Finding::new(Invariant::TransfersEnd, format!("transfer/{id}"), detail));
        }
    }
}

fn effects(accounts: &BTreeMap<Uuid, AccountLedger>) -> BTreeMap<TransferId, Effect> {
    let mut effects: BTreeMap<TransferId, Effect> = BTreeMap::new();
    for (transfer, answer) in accounts.values().flat_map(|account| &account.answers) {
        let effect = effects.entry(*transfer).or_default();
        match answer {
            Answer::Debited(amount) => effect.debits.push(*amount),
            Answer::Credited(amount) => effect.credits.push(*amount),
            Answer::Reversed(amount) => effect.reversals.push(*amount),
            Answer::DebitRejected | Answer::CreditRejected => {}
        }
    }
    effects
}

/// Completed means one debit and one credit; failed and cancelled mean no net change.
fn wrong_end(transfer: &TransferRecord, effect: Option<&Effect>) -> Option<String> {
    let nothing = Effect::default();
    let effect = effect.unwrap_or(&nothing);
    let (debits, credits, reversals) = (effect.debits.len(), effect.credits.len(), effect.reversals.len());
    let status = transfer.state.status()?;
    let right = match status {
        TransferStatus::Completed => (debits, credits, reversals) == (1, 1, 0),
        TransferStatus::Failed | TransferStatus::Cancelled => credits == 0 && debits == reversals,
        _ => true,
    };
    (!right).then(|| format!("`{status}` with {debits} debits, {credits} credits and {reversals} reversals"))
}
