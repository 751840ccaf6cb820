//! The saga's records beside what the accounts really did.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use domain::Aggregate;
use domain::ids::TransferId;
use domain::transfer::{CreatedTransfer, MoneyTransfer, TransferDetails, TransferEvent, TransferStatus};
use event_store::RecordedEvent;
use uuid::Uuid;

use super::accounts::{AccountLedger, Answer};
use super::{Finding, Invariant, streams};

/// A transfer folded from its own events.
#[derive(Debug, Default)]
pub(super) struct TransferRecord {
    pub(super) state: MoneyTransfer,
}

impl TransferRecord {
    pub(super) fn is_created(&self) -> bool {
        self.state.created().is_some()
    }

    /// What it moves, once it is created.
    pub(super) fn details(&self) -> Option<&TransferDetails> {
        self.state.created().map(|created| &created.details)
    }

    pub(super) fn is_pending(&self) -> bool {
        self.state.created().is_some_and(|created| !created.status().has_ended())
    }
}

pub(super) fn read(events: &[RecordedEvent], findings: &mut Vec<Finding>) -> BTreeMap<Uuid, TransferRecord> {
    streams::read(events, findings, |record: &mut TransferRecord, _, event: TransferEvent| {
        record.state = std::mem::take(&mut record.state).evolve(&event);
    })
}

/// What the accounts did for one transfer: which of them moved how much.
#[derive(Debug, Default)]
struct Effect {
    debits: Vec<(Uuid, i128)>,
    credits: Vec<(Uuid, i128)>,
    reversals: Vec<(Uuid, i128)>,
}

/// `ended_before` was read before the accounts, so that what had ended by then must show in the accounts;
/// `transfers` was read after them, so that every transfer that an account knows must exist, or is one of `to_come`: a
/// line of a bulk transfer that was debited and is to become one.
pub(super) fn end(
    transfers: &BTreeMap<Uuid, TransferRecord>,
    ended_before: &BTreeMap<Uuid, TransferRecord>,
    accounts: &BTreeMap<Uuid, AccountLedger>,
    to_come: &HashSet<TransferId>,
    overdue_since: DateTime<Utc>,
    findings: &mut Vec<Finding>,
) {
    let mut report = |id: Uuid, detail: String| {
        findings.push(Finding::new(Invariant::TransfersEnd, format!("transfer/{id}"), detail));
    };
    let effects = effects(accounts);
    for (id, effect) in &effects {
        match transfers.get(&id.0).and_then(|transfer| transfer.state.created()) {
            None if to_come.contains(id) && effect.credits.is_empty() && effect.reversals.is_empty() => {}
            None => report(id.0, "accounts moved money for it, but it was never created".to_owned()),
            Some(created) if !is_possible(effect, created) => report(id.0, format!("it moved {effect:?}")),
            Some(_) => {}
        }
    }
    for (id, transfer) in ended_before {
        if let Some(detail) = wrong_end(transfer, effects.get(&TransferId(*id))) {
            report(*id, detail);
        }
    }
    for (id, transfer) in transfers {
        let pending = transfer.state.created().filter(|created| !created.status().has_ended());
        // The deadline that was promised, not the moment at which the sweeper looks again: that one moves on.
        if let Some(created) = pending.filter(|created| created.details.deadline < overdue_since) {
            let (status, deadline) = (created.status(), created.details.deadline);
            report(*id, format!("still `{status}`, though its deadline was {deadline}"));
        }
    }
}

/// Whether the accounts named in the transfer, and no others, moved its amount, each step at most once, and gave
/// nothing that was not taken before.
fn is_possible(effect: &Effect, created: &CreatedTransfer) -> bool {
    let amount = i128::from(created.details.money.amount.minor_units());
    let (from, to) = (created.details.from_account_id.0, created.details.to_account_id.0);
    let steps = [(&effect.debits, from), (&effect.credits, to), (&effect.reversals, from)];
    let at_most_once =
        steps.iter().all(|(moves, account)| moves.is_empty() || ***moves == [(*account, amount)]);
    at_most_once && effect.credits.len() + effect.reversals.len() <= effect.debits.len()
}

fn effects(accounts: &BTreeMap<Uuid, AccountLedger>) -> BTreeMap<TransferId, Effect> {
    let mut effects: BTreeMap<TransferId, Effect> = BTreeMap::new();
    let answers =
        accounts.iter().flat_map(|(id, account)| account.answers.iter().map(move |answer| (*id, answer)));
    for (account, (transfer, answer)) in answers {
        let effect = effects.entry(*transfer).or_default();
        match answer {
            Answer::Debited(amount) => effect.debits.push((account, *amount)),
            Answer::Credited(amount) => effect.credits.push((account, *amount)),
            Answer::Reversed(amount) => effect.reversals.push((account, *amount)),
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
