//! The views beside a replay of the events, field by field.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use account_history::view::{AccountDocument, Views};
use domain::Aggregate;
use domain::account::Account;
use domain::ids::{AccountId, TransferId};
use event_store::{RecordedEvent, Version};
use serde::Serialize;
use serde_json::Value;

use super::{Evidence, Finding, Invariant};

/// When the views have caught up they must equal a replay of everything. While they are behind, each of them
/// must equal a replay up to its own version.
pub(super) fn equal_a_replay(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let stored = &evidence.views;
    let events = evidence.accounts.iter().chain(&evidence.transfers);
    let expected = if evidence.views_behind {
        Views::replay(events.filter(|event| is_seen(stored, event)))
    } else {
        Views::replay(events)
    };
    let mut expected = match expected {
        Ok(expected) => expected,
        // The streams themselves are not whole, which is a finding of its own.
        Err(error) => {
            findings.push(Finding::new(Invariant::ViewEqualsReplay, "replay", error.to_string()));
            return;
        }
    };
    let mut shown = stored.clone();
    if evidence.views_behind {
        leave_out_what_may_be_ahead(&mut shown, &mut expected);
    }
    compare("account", &shown.accounts, &expected.accounts, |id| id.to_string(), findings);
    let row = |(account, version): &(AccountId, Version)| format!("{account} version {version}");
    compare("entry", &shown.moments, &expected.moments, row, findings);
    compare("transfer", &shown.transfers, &expected.transfers, |id: &TransferId| id.to_string(), findings);
}

/// Documents, rows and transfers.
pub(super) fn count(views: &Views) -> usize {
    views.accounts.len() + views.moments.len() + views.transfers.len()
}

fn is_seen(stored: &Views, event: &RecordedEvent) -> bool {
    let id = event.stream.aggregate_id;
    let seen = if event.stream.aggregate_type == Account::TYPE {
        stored.accounts.get(&AccountId(id)).map(|document| document.version)
    } else {
        stored.transfers.get(&TransferId(id)).map(|document| document.transfer.version)
    };
    seen.is_some_and(|seen| event.version <= seen)
}

/// Rows and transfers are written before the documents that show them, so a document may be behind them.
fn leave_out_what_may_be_ahead(shown: &mut Views, expected: &mut Views) {
    let versions: BTreeMap<AccountId, Version> =
        shown.accounts.iter().map(|(id, document)| (*id, document.version)).collect();
    shown.moments.retain(|(account, version), _| versions.get(account).is_some_and(|seen| version <= seen));
    for views in [&mut *shown, expected] {
        views.accounts.values_mut().for_each(|document| document.transfers.clear());
        views.accounts.retain(|_, document: &mut AccountDocument| document.version > Version::NONE);
    }
}

fn compare<K: Ord + Copy + Debug, V: PartialEq + Serialize>(
    what: &str,
    shown: &BTreeMap<K, V>,
    expected: &BTreeMap<K, V>,
    name: impl Fn(&K) -> String,
    findings: &mut Vec<Finding>,
) {
    let keys: BTreeSet<K> = shown.keys().chain(expected.keys()).copied().collect();
    for key in keys {
        let detail = match (shown.get(&key), expected.get(&key)) {
            (Some(shown), Some(expected)) if shown == expected => continue,
            (Some(shown), Some(expected)) => first_difference(shown, expected),
            (Some(_), None) => "is in the views, but no event speaks of it".to_owned(),
            (None, _) => "is missing from the views".to_owned(),
        };
        findings.push(Finding::new(Invariant::ViewEqualsReplay, format!("{what} {}", name(&key)), detail));
    }
}

fn first_difference(shown: &impl Serialize, expected: &impl Serialize) -> String {
    let as_json = |value: Result<Value, serde_json::Error>| value.unwrap_or(Value::Null);
    let (shown, expected) = (as_json(serde_json::to_value(shown)), as_json(serde_json::to_value(expected)));
    let field = difference_at("", &shown, &expected).unwrap_or_default();
    format!(
        "field {field} is {} in the view, {} after a replay",
        shown.pointer(&field).unwrap_or(&Value::Null),
        expected.pointer(&field).unwrap_or(&Value::Null)
    )
}

/// The JSON pointer of the first place in which two documents differ.
fn difference_at(pointer: &str, one: &Value, other: &Value) -> Option<String> {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            keys.into_iter().find_map(|key| {
                let (one, other) =
                    (one.get(key).unwrap_or(&Value::Null), other.get(key).unwrap_or(&Value::Null));
                difference_at(&format!("{pointer}/{key}"), one, other)
            })
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => one
            .iter()
            .zip(other)
            .enumerate()
            .find_map(|(index, (one, other))| difference_at(&format!("{pointer}/{index}"), one, other)),
        _ if one == other => None,
        _ => Some(pointer.to_owned()),
    }
}
