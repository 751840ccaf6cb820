//! The payload of every event type, taken out of the schema of its enum.

use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Object, Schema};

use crate::DomainEvent;
use crate::event::EventType;

/// An event type, and what its payload looks like.
#[derive(Clone)]
pub struct EventSchema {
    /// The type, with the schema version that is written today.
    pub event_type: EventType,
    /// What happened, in a sentence.
    pub summary: String,
    /// The event's fields. Readers ignore others.
    pub payload: Object,
}

/// What each event of `E` looks like, in the order of [`DomainEvent::TYPES`].
///
/// An event type that the schema of `E` does not have is left out; the tests of the documents count them.
#[must_use]
pub fn event_schemas<E: DomainEvent + ToSchema>() -> Vec<EventSchema> {
    let RefOr::T(Schema::OneOf(variants)) = E::schema() else {
        return Vec::new();
    };
    let of_type =
        |event_type: &EventType| variants.items.iter().find_map(|variant| payload(variant, *event_type));
    E::TYPES.iter().filter_map(of_type).collect()
}

/// The fields of `variant`, if it is `event_type`: serde writes `{"type": .., "data": ..}`.
fn payload(variant: &RefOr<Schema>, event_type: EventType) -> Option<EventSchema> {
    let variant = object(variant)?;
    let names = object(variant.properties.get("type")?)?.enum_values.as_ref()?;
    let is_it = names.iter().any(|name| name.as_str() == Some(event_type.name));
    let data = object(variant.properties.get("data")?).filter(|_| is_it)?;
    let summary = variant.description.clone().or_else(|| data.description.clone()).unwrap_or_default();
    Some(EventSchema { event_type, summary, payload: with_serdes_names(data.clone()) })
}

fn object(schema: &RefOr<Schema>) -> Option<&Object> {
    match schema {
        RefOr::T(Schema::Object(object)) => Some(object),
        _ => None,
    }
}

/// The derive does not read `rename_all_fields`, under which serde writes the fields of every event.
fn with_serdes_names(mut fields: Object) -> Object {
    fields.properties = fields.properties.into_iter().map(|(name, of)| (camel_case(&name), of)).collect();
    fields.required = fields.required.iter().map(|name| camel_case(name)).collect();
    fields
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (head, tail) = word.split_at_checked(1).unwrap_or((word, ""));
        name + &head.to_ascii_uppercase() + tail
    })
}
