//! Golden files: every event shape that was ever written, one file each, and every one stays readable.
//!
//! A file is named `<EventType>.v<schema version>.json` and holds the payload; `<EventType>.v<version>.<addition>.json`
//! holds a shape with an optional field that came later. A file is never edited; a new shape adds one.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use domain::DomainEvent;
use domain::account::AccountEvent;
use domain::aggregates::EVENT_TYPES;
use domain::bulk_transfer::BulkTransferEvent;
use domain::customer::CustomerEvent;
use domain::event::{Payload, decode, encode};
use domain::order::OrderEvent;
use domain::transfer::TransferEvent;

pub(crate) fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// A golden file's event type, schema version and payload.
pub(crate) struct Shape {
    pub(crate) file: String,
    pub(crate) event_type: String,
    pub(crate) schema_version: u32,
    pub(crate) payload: Payload,
}

fn shapes() -> Vec<Shape> {
    let entries = fs::read_dir(directory()).expect("the golden directory");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.filter(|path| path.is_file()).map(|path| shape(&path)).collect()
}

pub(crate) fn shape(path: &Path) -> Shape {
    let file = path.file_name().expect("a file name").to_string_lossy().into_owned();
    let mut parts = file.split('.');
    let event_type = parts.next().unwrap_or_default().to_owned();
    let version = parts.next().and_then(|version| version.strip_prefix('v')?.parse().ok());
    let schema_version = version.unwrap_or_else(|| panic!("{file}: no schema version"));
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{file}: {error}"));
    let payload = Payload::parse(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
    Shape { file, event_type, schema_version, payload }
}

/// Every shape ever written decodes, and one of today's version is written again exactly as it was read.
#[track_caller]
fn assert_reads_every_shape<E: DomainEvent>() {
    for known in E::TYPES {
        for shape in shapes().into_iter().filter(|shape| shape.event_type == known.name) {
            let event = decode::<E>(known.name, shape.schema_version, &shape.payload)
                .unwrap_or_else(|error| panic!("{}: {error}", shape.file));
            let encoded = encode(&event).expect("an event encodes");
            assert_eq!(
                (encoded.event_type.as_str(), encoded.schema_version),
                (known.name, known.schema_version)
            );
            if shape.schema_version == known.schema_version {
                assert_eq!(encoded.payload, shape.payload, "{}", shape.file);
            }
        }
    }
}

#[test]
fn account_events_are_readable_for_ever() {
    assert_reads_every_shape::<AccountEvent>();
}

#[test]
fn transfer_events_are_readable_for_ever() {
    assert_reads_every_shape::<TransferEvent>();
}

#[test]
fn bulk_transfer_events_are_readable_for_ever() {
    assert_reads_every_shape::<BulkTransferEvent>();
}

#[test]
fn order_events_are_readable_for_ever() {
    assert_reads_every_shape::<OrderEvent>();
}

#[test]
fn customer_events_are_readable_for_ever() {
    assert_reads_every_shape::<CustomerEvent>();
}

#[test]
fn every_version_of_every_event_type_has_a_file_and_every_file_a_type() {
    let expected: BTreeSet<(String, u32)> = EVENT_TYPES
        .iter()
        .flat_map(|(_, types)| *types)
        .flat_map(|known| (1..=known.schema_version).map(|version| (known.name.to_owned(), version)))
        .collect();
    let present: BTreeSet<(String, u32)> =
        shapes().into_iter().map(|shape| (shape.event_type, shape.schema_version)).collect();
    assert_eq!(present, expected);
}
