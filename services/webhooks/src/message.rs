//! What is sent: the published event as a CloudEvents 1.0 document in JSON, with the attributes that the messages of the
//! topics have as headers. What names other people or inner workings is left out: who acted, commands, causes, traces.

use chrono::{DateTime, Utc};
use domain::account::{Account, AccountEvent};
use domain::customer::Customer;
use domain::transfer::{MoneyTransfer, TransferEvent};
use domain::{Aggregate, DomainEvent};
use event_store::RecordedEvent;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::audience::{told_to_owner, told_to_party};

/// The type of what [`test_message`] makes.
pub(crate) const TEST: &str = "WebhookTested";

/// A document in JSON.
pub(crate) type Body = String;

#[derive(Serialize)]
struct CloudEvent<'a, D> {
    specversion: &'static str,
    id: Uuid,
    source: &'a str,
    r#type: &'a str,
    subject: Uuid,
    time: DateTime<Utc>,
    datacontenttype: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schemaversion: Option<String>,
    data: D,
}

/// The event as it was published, for operators.
pub(crate) fn whole(event: &RecordedEvent) -> Result<Body, serde_json::Error> {
    let data: &RawValue = serde_json::from_str(event.payload.as_str())?;
    document(event, event.schema_version, data)
}

/// What the owner of the account is told; `None` when nothing is.
pub(crate) fn for_owner(
    recorded: &RecordedEvent,
    event: AccountEvent,
) -> Result<Option<Body>, serde_json::Error> {
    told_to_owner(event).map(|told| document_of(recorded, &told)).transpose()
}

/// What a party of the transfer is told.
pub(crate) fn for_party(recorded: &RecordedEvent, event: TransferEvent) -> Result<Body, serde_json::Error> {
    document_of(recorded, &told_to_party(event))
}

/// A message that tells of nothing.
pub(crate) fn test_message(id: Uuid, webhook: Uuid, now: DateTime<Utc>) -> Result<Body, serde_json::Error> {
    serde_json::to_string(&CloudEvent {
        specversion: "1.0",
        id,
        source: "/bank/webhooks",
        r#type: TEST,
        subject: webhook,
        time: now,
        datacontenttype: "application/json",
        sequence: None,
        schemaversion: None,
        data: serde_json::json!({"webhookId": webhook}),
    })
}

/// In today's shape.
fn document_of<E: DomainEvent + Serialize>(
    recorded: &RecordedEvent,
    event: &E,
) -> Result<Body, serde_json::Error> {
    let today = E::TYPES.iter().find(|event_type| event_type.name == recorded.event_type);
    let schema_version = today.map_or(recorded.schema_version, |event_type| event_type.schema_version);
    let data: Value = serde_json::to_value(event)?["data"].take();
    document(recorded, schema_version, data)
}

fn document(
    event: &RecordedEvent,
    schema_version: u32,
    data: impl Serialize,
) -> Result<Body, serde_json::Error> {
    serde_json::to_string(&CloudEvent {
        specversion: "1.0",
        id: event.event_id,
        source: source_of(&event.stream.aggregate_type),
        r#type: &event.event_type,
        subject: event.stream.aggregate_id,
        time: event.recorded_at,
        datacontenttype: "application/json",
        sequence: Some(event.version.to_string()),
        schemaversion: Some(schema_version.to_string()),
        data,
    })
}

/// As the service publishes it that owns such aggregates.
fn source_of(aggregate_type: &str) -> &'static str {
    match aggregate_type {
        Account::TYPE => "/bank/accounts",
        MoneyTransfer::TYPE => "/bank/transfers",
        Customer::TYPE => "/bank/customers",
        _ => "/bank",
    }
}
