//! Golden snapshots: the states that each version of the code kept, with the events that they are the states of.
//!
//! A file is named `<aggregate>.v<state schema version>.jsonl`, and `<aggregate>.v<version>.<addition>.jsonl` when a field
//! with a default came later under the same version. Each line is an event or a snapshot, as `bank sample` prints them; a
//! stream's events come first, then a snapshot of each of its versions. A file is never edited; a new shape adds one.
//!
//! `BANK_GOLDEN=write cargo test -p domain golden_snapshots` writes the files of today's shapes where they are missing.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use domain::Aggregate;
use domain::account::Account;
use domain::bulk_transfer::BulkTransfer;
use domain::customer::Customer;
use domain::event::{Payload, decode};
use domain::order::TransferOrder;
use domain::transfer::MoneyTransfer;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::golden;

/// Streams, each a list of golden events, that lead to every field and every word of a state.
type Streams = &'static [&'static [&'static str]];

const ACCOUNT: Streams = &[
    &[
        "AccountOpened.v1",
        "AccountDeposited.v1",
        "OverdraftLimitSet.v1",
        "DailyTransferLimitSet.v1",
        "AccountDebited.v1.owner",
        "HoldPlaced.v1",
        "HoldExpired.v1",
        "HoldPlaced.v1",
        "AccountFrozen.v1.by-owner",
    ],
    &[
        "AccountOpened.v1",
        "AccountFrozen.v1",
        "AccountUnfrozen.v1",
        "AccountClosed.v1",
        "AccountDebitReversed.v1",
    ],
    &["AccountCreditRejected.v1"],
];

const TRANSFER: Streams = &[
    &[
        "MoneyTransferCreated.v1",
        "DebitRecorded.v1.owner",
        "CreditRecorded.v1.owner",
        "ReversalStarted.v1",
        "ReversalCompleted.v1",
    ],
    &[
        "MoneyTransferCreated.v1.order",
        "DebitRecorded.v1",
        "DeadlinePassed.v1",
        "CreditRejectionRecorded.v1",
        "MoneyTransferFailed.v1",
    ],
    &[
        "MoneyTransferCreated.v1.line",
        "DebitRecorded.v1.line",
        "CancellationRefundStarted.v1",
        "MoneyTransferCancelled.v1",
    ],
    &["MoneyTransferCreated.v1", "CancellationRequested.v1", "MoneyTransferCancelled.v1"],
    &["MoneyTransferCreated.v1", "MoneyTransferFailed.v1"],
];

const BULK_TRANSFER: Streams = &[
    &["BulkTransferCreated.v1", "BulkDebitRecorded.v1", "BulkLinesStarted.v1"],
    &["BulkTransferCreated.v1", "BulkDeadlinePassed.v1", "BulkTransferFailed.v1"],
];

const ORDER: Streams = &[
    &["TransferOrderPlaced.v1", "TransferDue.v1", "TransferOrderCancelled.v1"],
    &["TransferOrderPlaced.v1.once", "TransferDue.v1.last"],
    &["TransferOrderPlaced.v1.counted"],
    &["TransferOrderPlaced.v1.until"],
];

const CUSTOMER: Streams = &[
    &[
        "CustomerRegistered.v1",
        "CustomerProfileChanged.v1",
        "PayeeSaved.v1",
        "ErasureRequested.v1",
        "CustomerErased.v1",
    ],
    &["RegistrationAbandoned.v1"],
    &["AddressClaimLapsed.v1"],
];

/// A line of a file.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Line {
    Event(Value),
    Snapshot(Value),
}

fn directory() -> PathBuf {
    golden::directory().join("snapshots")
}

/// The golden files of this aggregate and schema version.
fn files(aggregate_type: &str, version: u32) -> Vec<PathBuf> {
    let prefix = format!("{aggregate_type}.v{version}.");
    let entries = fs::read_dir(directory()).expect("the golden snapshots");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&prefix)))
        .collect()
}

fn lines(path: &PathBuf) -> Vec<Line> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let line =
        |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(line).collect()
}

fn evolved<A: Aggregate>(state: A, event_type: &str, schema_version: u32, payload: &Payload) -> A {
    let event = decode::<A::Event>(event_type, schema_version, payload)
        .unwrap_or_else(|error| panic!("{event_type}: {error}"));
    state.evolve(&event)
}

/// What today's code keeps of `streams`.
fn today<A: Aggregate>(streams: Streams) -> Vec<Line> {
    let stream =
        |(number, events): (usize, &&[&str])| lines_of::<A>(Uuid::from_u128(number as u128 + 1), events);
    streams.iter().enumerate().flat_map(stream).collect()
}

fn lines_of<A: Aggregate>(id: Uuid, events: &[&str]) -> Vec<Line> {
    let (mut state, mut recorded, mut kept) = (A::default(), Vec::new(), Vec::new());
    for (version, name) in (1..).zip(events) {
        let shape = golden::shape(&golden::directory().join(format!("{name}.json")));
        state = evolved(state, &shape.event_type, shape.schema_version, &shape.payload);
        recorded.push(Line::Event(json!({
            "aggregateType": A::TYPE,
            "aggregateId": id,
            "version": version,
            "eventId": Uuid::from_u128(id.as_u128() << 64 | version),
            "eventType": shape.event_type,
            "schemaVersion": shape.schema_version,
            "payload": shape.payload.to_value().expect("a tree"),
            "metadata": {},
            "commandId": Uuid::from_u128(id.as_u128() << 64 | version),
            "recordedAt": "2026-01-01T12:00:00Z",
            "commitId": version,
            "ordinal": 0,
        })));
        kept.push(Line::Snapshot(json!({
            "aggregateType": A::TYPE,
            "aggregateId": id,
            "version": version,
            "stateSchemaVersion": A::STATE_SCHEMA_VERSION,
            "state": serde_json::to_value(&state).expect("a state is JSON"),
        })));
    }
    recorded.extend(kept);
    recorded
}

/// Today's states are in a golden file of today's version, and every state in one is the fold of its events.
#[track_caller]
fn assert_takes_over<A: Aggregate>(streams: Streams) {
    let today = today::<A>(streams);
    let version = A::STATE_SCHEMA_VERSION;
    if std::env::var("BANK_GOLDEN").is_ok_and(|what| what == "write") {
        let path = directory().join(format!("{}.v{version}.jsonl", A::TYPE));
        let text: String =
            today.iter().map(|line| serde_json::to_string(line).expect("JSON") + "\n").collect();
        if !path.exists() {
            fs::write(path, text).expect("the golden file is written");
        }
    }
    let files = files(A::TYPE, version);
    assert!(
        files.iter().any(|path| lines(path) == today),
        "the state of `{}` has another shape than the golden snapshots of version {version}: raise \
         STATE_SCHEMA_VERSION (and run this with BANK_GOLDEN=write), or, if the code of before and of now takes over the \
         other's snapshots, add {}.v{version}.<addition>.jsonl",
        A::TYPE,
        A::TYPE,
    );
    for path in &files {
        assert_states_are_folds::<A>(path);
    }
}

#[track_caller]
fn assert_states_are_folds<A: Aggregate>(path: &PathBuf) {
    let (mut states, mut seen) = (Vec::new(), 0);
    for line in lines(path) {
        match line {
            Line::Event(event) => {
                if event["version"] == 1 {
                    states = vec![A::default()];
                }
                let before = states.last().cloned().expect("a stream begins with version 1");
                let payload = Payload::try_from(&event["payload"]).expect("JSON");
                let schema_version =
                    event["schemaVersion"].as_u64().and_then(|version| version.try_into().ok());
                let event_type = event["eventType"].as_str().expect("a type");
                states.push(evolved(before, event_type, schema_version.expect("a version"), &payload));
            }
            Line::Snapshot(snapshot) => {
                let place = snapshot["version"].as_u64().and_then(|version| usize::try_from(version).ok());
                let state: A = serde_json::from_value(snapshot["state"].clone())
                    .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                assert_eq!(Some(&state), place.and_then(|place| states.get(place)), "{}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 0, "{} has no snapshot", path.display());
}

#[test]
fn snapshots_of_accounts_are_taken_over() {
    assert_takes_over::<Account>(ACCOUNT);
}

#[test]
fn snapshots_of_transfers_are_taken_over() {
    assert_takes_over::<MoneyTransfer>(TRANSFER);
}

#[test]
fn snapshots_of_bulk_transfers_are_taken_over() {
    assert_takes_over::<BulkTransfer>(BULK_TRANSFER);
}

#[test]
fn snapshots_of_orders_are_taken_over() {
    assert_takes_over::<TransferOrder>(ORDER);
}

#[test]
fn snapshots_of_customers_are_taken_over() {
    assert_takes_over::<Customer>(CUSTOMER);
}

#[test]
fn every_state_schema_version_has_a_file_and_every_file_a_version() {
    let versions = [
        (Account::TYPE, Account::STATE_SCHEMA_VERSION),
        (MoneyTransfer::TYPE, MoneyTransfer::STATE_SCHEMA_VERSION),
        (BulkTransfer::TYPE, BulkTransfer::STATE_SCHEMA_VERSION),
        (TransferOrder::TYPE, TransferOrder::STATE_SCHEMA_VERSION),
        (Customer::TYPE, Customer::STATE_SCHEMA_VERSION),
    ];
    let expected: BTreeSet<String> = versions
        .iter()
        .flat_map(|(aggregate, newest)| (1..=*newest).map(move |version| format!("{aggregate}.v{version}")))
        .collect();
    let entries = fs::read_dir(directory()).expect("the golden snapshots");
    let name = |entry: std::io::Result<fs::DirEntry>| {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        name.split('.').take(2).collect::<Vec<_>>().join(".")
    };
    assert_eq!(entries.map(name).collect::<BTreeSet<_>>(), expected);
}
