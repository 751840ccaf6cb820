//! Weak serialization: whatever was ever written can be read for ever.

use domain::DomainEvent;
use domain::account::AccountEvent;
use domain::event::{CodecError, EventType, Payload, Upcaster, decode, encode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::fixtures::*;

/// An event that was written in two other shapes before: version 1 had a `fullName`, version 2 split it into
/// `firstName` and `lastName`, version 3 has no `middleName` written by older code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all_fields = "camelCase")]
enum PersonEvent {
    PersonNamed {
        first_name: String,
        #[serde(default)]
        middle_name: Option<String>,
        last_name: String,
    },
}

impl DomainEvent for PersonEvent {
    const TYPES: &'static [EventType] = &[EventType { name: "PersonNamed", schema_version: 3 }];
    const UPCASTERS: &'static [Upcaster] =
        &[Upcaster { event_type: "PersonNamed", from_version: 1, lift: split_full_name }];
}

fn split_full_name(payload: Value) -> Value {
    let full_name = payload["fullName"].as_str().unwrap_or_default();
    let (first_name, last_name) = full_name.split_once(' ').unwrap_or((full_name, ""));
    json!({ "firstName": first_name, "lastName": last_name })
}

fn fields(value: Value) -> Payload {
    Payload::try_from(&value).expect("JSON")
}

fn ada(middle_name: Option<&str>) -> PersonEvent {
    PersonEvent::PersonNamed {
        first_name: "Ada".to_owned(),
        middle_name: middle_name.map(str::to_owned),
        last_name: "Lovelace".to_owned(),
    }
}

#[test]
fn every_older_version_is_lifted_to_todays() {
    let versions = [
        (1, json!({ "fullName": "Ada Lovelace" }), ada(None)),
        (2, json!({ "firstName": "Ada", "lastName": "Lovelace" }), ada(None)),
        (3, json!({ "firstName": "Ada", "middleName": "King", "lastName": "Lovelace" }), ada(Some("King"))),
    ];
    for (version, payload, expected) in versions {
        let read = decode::<PersonEvent>("PersonNamed", version, &fields(payload)).expect("it is readable");
        assert_eq!(read, expected, "version {version}");
    }
}

#[test]
fn the_newest_version_is_written() {
    let stored = encode(&ada(None)).expect("an event encodes");
    assert_eq!((stored.event_type.as_str(), stored.schema_version), ("PersonNamed", 3));
}

#[test]
fn a_version_from_the_future_is_refused_rather_than_misread() {
    let error = decode::<PersonEvent>("PersonNamed", 4, &fields(json!({}))).expect_err("too new");
    assert!(matches!(error, CodecError::NewerSchema { found: 4, known: 3, .. }), "{error}");
    assert!(error.is_of_newer_code());
}

#[test]
fn an_unknown_type_is_refused() {
    let error = decode::<PersonEvent>("PersonBorn", 1, &fields(json!({}))).expect_err("unknown");
    assert!(matches!(&error, CodecError::UnknownType(name) if name == "PersonBorn"));
    assert!(error.is_of_newer_code());
}

#[test]
fn a_payload_of_another_shape_is_refused_by_the_events_name() {
    let error = decode::<AccountEvent>("AccountFrozen", 1, &fields(json!({ "at": "yesterday" })))
        .expect_err("no time");
    assert!(error.to_string().contains("AccountFrozen"), "{error}");
    assert!(!error.is_of_newer_code());
}

#[test]
fn an_unknown_field_is_ignored_and_a_missing_optional_one_defaults() {
    let stored = encode(&debited(30, 70)).expect("an event encodes");
    let mut payload = stored.payload.to_value().expect("a tree");
    payload["addedLater"] = json!({ "by": "a newer version" });
    payload.as_object_mut().expect("an object").remove("memo");
    let read = decode::<AccountEvent>("AccountDebited", 1, &fields(payload)).expect("it is readable");
    assert!(matches!(read, AccountEvent::AccountDebited { memo: None, .. }));
}
