use chrono::{DateTime, Utc};
use event_store::{CommitId, Metadata, Payload, RecordedEvent, StreamId, Version};
use proptest::collection::{hash_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{EnvelopeError, name, to_event, to_message};

fn id() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

fn time() -> impl Strategy<Value = DateTime<Utc>> {
    (0..4_102_444_800_000_000_i64)
        .prop_map(|micros| DateTime::from_timestamp_micros(micros).expect("before the year 2100"))
}

fn payload() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            hash_map(any::<String>(), inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn metadata() -> impl Strategy<Value = Metadata> {
    let text = || option::of(any::<String>());
    (option::of(id()), option::of(id()), text(), text(), text()).prop_map(
        |(correlation_id, causation_id, actor, traceparent, tracestate)| Metadata {
            correlation_id,
            causation_id,
            actor,
            traceparent,
            tracestate,
        },
    )
}

fn event() -> impl Strategy<Value = RecordedEvent> {
    let place = (id(), any::<i64>(), any::<i64>(), any::<u32>());
    let body = (id(), "[A-Z][A-Za-z]{0,20}", any::<u32>(), payload());
    let origin = (metadata(), id(), time());
    ("[a-z][a-z-]{0,12}", place, body, origin).prop_map(|(aggregate_type, place, body, origin)| {
        RecordedEvent {
            stream: StreamId::new(aggregate_type, place.0),
            version: Version(place.1),
            event_id: body.0,
            event_type: body.1,
            schema_version: body.2,
            payload: Payload::try_from(&body.3).expect("JSON"),
            metadata: origin.0,
            command_id: origin.1,
            recorded_at: origin.2,
            commit_id: CommitId(place.2),
            ordinal: place.3,
        }
    })
}

fn sample() -> RecordedEvent {
    RecordedEvent {
        stream: StreamId::new("account", Uuid::from_u128(7)),
        version: Version(3),
        event_id: Uuid::from_u128(8),
        event_type: "AccountDebited".to_owned(),
        schema_version: 1,
        payload: Payload::try_from(&json!({ "amount": 5500 })).expect("JSON"),
        metadata: Metadata::default(),
        command_id: Uuid::from_u128(9),
        recorded_at: DateTime::from_timestamp_micros(1_700_000_000_000_001).expect("a time"),
        commit_id: CommitId(12),
        ordinal: 0,
    }
}

proptest! {
    #[test]
    fn an_event_comes_back_as_it_was(event in event()) {
        let message = to_message(&event, "/accounts");
        prop_assert_eq!(to_event(&message).expect("our own message"), event);
    }

    #[test]
    fn attribute_names_are_what_cloud_events_allows(event in event()) {
        for (name, _) in to_message(&event, "/accounts").headers {
            if let Some(attribute) = name.strip_prefix("ce_") {
                prop_assert!(attribute.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()), "{}", name);
            }
        }
    }
}

#[test]
fn the_message_is_a_cloud_event_in_binary_mode() {
    let message = to_message(&sample(), "/accounts");
    assert_eq!(message.topic, "bank.account");
    assert_eq!(message.key, "00000000-0000-0000-0000-000000000007");
    assert_eq!(message.payload, br#"{"amount":5500}"#);
    let expected = [
        (name::CONTENT_TYPE, "application/json"),
        (name::SPEC_VERSION, "1.0"),
        (name::ID, "00000000-0000-0000-0000-000000000008"),
        (name::TYPE, "AccountDebited"),
        (name::SOURCE, "/accounts"),
        (name::SUBJECT, "00000000-0000-0000-0000-000000000007"),
        (name::TIME, "2023-11-14T22:13:20.000001Z"),
        (name::SEQUENCE, "3"),
    ];
    for (name, value) in expected {
        assert_eq!(message.header(name), Some(value), "{name}");
    }
}

#[test]
fn a_message_of_somebody_else_is_an_error_and_not_a_panic() {
    let mut message = to_message(&sample(), "/accounts");
    message.payload = b"{".to_vec();
    assert!(matches!(to_event(&message), Err(EnvelopeError::Payload(_))));

    let mut message = to_message(&sample(), "/accounts");
    message.headers.retain(|(name, _)| name != name::SEQUENCE);
    assert!(matches!(to_event(&message), Err(EnvelopeError::Missing(name::SEQUENCE))));

    let mut message = to_message(&sample(), "/accounts");
    message
        .headers
        .iter_mut()
        .filter(|(name, _)| name == name::ID)
        .for_each(|(_, value)| *value = "x".to_owned());
    assert!(matches!(to_event(&message), Err(EnvelopeError::Invalid { name: name::ID, .. })));
}
