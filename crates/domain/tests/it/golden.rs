//! Golden files: every event shape that was ever written, one file each, and every one stays readable.
//!
//! A file is named `<EventType>.v<schema version>.json` and holds the payload. It is never edited; a new schema
//! version adds a file.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use domain::DomainEvent;
use domain::account::AccountEvent;
use domain::event::{decode, encode};
use domain::transfer::TransferEvent;
use serde_json::Value;

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn golden(event_type: &str, schema_version: u32) -> Value {
    let file = directory().join(format!("{event_type}.v{schema_version}.json"));
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Every version ever written decodes, and today's is written again exactly as it was read.
#[track_caller]
fn assert_reads_every_version<E: DomainEvent>() {
    for known in E::TYPES {
        for version in 1..=known.schema_version {
            let event = decode::<E>(known.name, version, golden(known.name, version))
                .unwrap_or_else(|error| panic!("{} v{version}: {error}", known.name));
            let encoded = encode(&event).expect("an event encodes");
            assert_eq!(
                (encoded.event_type.as_str(), encoded.schema_version),
                (known.name, known.schema_version)
            );
            if version == known.schema_version {
                assert_eq!(encoded.payload, golden(known.name, version), "{} v{version}", known.name);
            }
        }
    }
}

#[test]
fn account_events_are_readable_for_ever() {
    assert_reads_every_version::<AccountEvent>();
}

#[test]
fn transfer_events_are_readable_for_ever() {
    assert_reads_every_version::<TransferEvent>();
}

#[test]
fn every_golden_file_belongs_to_an_event_type() {
    let expected: BTreeSet<String> = AccountEvent::TYPES
        .iter()
        .chain(TransferEvent::TYPES)
        .flat_map(|known| (1..=known.schema_version).map(|version| format!("{}.v{version}.json", known.name)))
        .collect();
    let present: BTreeSet<String> = fs::read_dir(directory())
        .expect("the golden directory")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(present, expected);
}
