//! One command, one effect: no two commits carry the same command id.

use std::collections::HashMap;

use event_store::{CommitId, StreamId};
use uuid::Uuid;

use super::{Evidence, Finding, Invariant};

pub(super) fn have_one_effect(evidence: &Evidence, findings: &mut Vec<Finding>) {
    // Command ids and commit ids are unique within a service's store, so the stores are looked at one by one.
    // Bulk transfers and orders lie in the store of the transfers.
    let of_transfers = vec![&evidence.transfers[..], &evidence.bulks, &evidence.orders];
    for store in [vec![&evidence.accounts[..]], of_transfers, vec![&evidence.customers]] {
        let mut commits: HashMap<Uuid, (&StreamId, CommitId)> = HashMap::new();
        for event in store.into_iter().flatten() {
            let here = (&event.stream, event.commit_id);
            let first = *commits.entry(event.command_id).or_insert(here);
            if first != here {
                let detail = format!(
                    "command {} took effect here in commit {} and on {} in commit {}",
                    event.command_id, event.commit_id.0, first.0, first.1.0
                );
                findings.push(Finding::new(Invariant::OneEffectPerCommand, &event.stream, detail));
            }
        }
    }
}
