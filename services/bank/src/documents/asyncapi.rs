//! The events that the bank publishes, as an AsyncAPI 3 document.

use domain::account::Account;
use domain::bulk_transfer::BulkTransfer;
use domain::customer::Customer;
use domain::order::TransferOrder;
use domain::schema::{EventSchema, event_schemas};
use domain::transfer::MoneyTransfer;
use domain::{Aggregate, DomainEvent};
use messaging::envelope::headers_schema;
use messaging::topic_of;
use serde_json::{Map, Value, json};
use service_kit::openapi::sorted;
use utoipa::ToSchema;

/// The schema of the headers that every message has.
const HEADERS: &str = "EventHeaders";

const ABOUT: &str = "Every change of an account, a transfer, a bulk of transfers, an order or a customer, as a CloudEvents 1.0 message in binary mode: \
the attributes are headers, the payload is the event's own JSON. The key is the aggregate's id, so that one aggregate's \
events keep their order; `ce_sequence` numbers them from 1 without a gap. A message may come more than once. Fields and \
event types may be added: ignore those that you do not know.";

/// The topics, the messages in them, and what each says.
///
/// # Errors
/// When a schema cannot be written as JSON.
pub fn asyncapi() -> anyhow::Result<Value> {
    let mut document = Document::default();
    document.schemas.insert(HEADERS.to_owned(), headers_schema());
    document.add::<Account>("What happened to accounts.")?;
    document.add::<MoneyTransfer>("How far transfers have come.")?;
    document
        .add::<BulkTransfer>("How far bulk transfers have come, until each of their lines is a transfer.")?;
    document.add::<TransferOrder>(
        "Which transfers are ordered for dates to come, and which of these dates have come.",
    )?;
    document.add::<Customer>("What happened to customers; what is said about a person is sealed.")?;
    Ok(sorted(json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "bank",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": document.channels,
        "operations": document.operations,
        "components": {"messages": document.messages, "schemas": document.schemas},
    })))
}

#[derive(Default)]
struct Document {
    channels: Map<String, Value>,
    operations: Map<String, Value>,
    messages: Map<String, Value>,
    schemas: Map<String, Value>,
}

impl Document {
    /// The topic of one kind of aggregate.
    fn add<A: Aggregate>(&mut self, about: &str) -> anyhow::Result<()>
    where
        A::Event: ToSchema,
    {
        let mut messages = Map::new();
        for event in event_schemas::<A::Event>() {
            let name = event.event_type.name;
            messages.insert(name.to_owned(), reference(&format!("components/messages/{name}")));
            self.messages.insert(name.to_owned(), message(&event)?);
        }
        self.add_schemas_of::<A::Event>()?;
        let topic = topic_of(A::TYPE);
        self.channels.insert(
            A::TYPE.to_owned(),
            json!({
                "address": topic,
                "description": about,
                "messages": messages,
                "bindings": {"kafka": {"topic": topic}},
            }),
        );
        let publish = json!({"action": "send", "channel": reference(&format!("channels/{}", A::TYPE))});
        self.operations.insert(format!("publish-{}", A::TYPE), publish);
        Ok(())
    }

    fn add_schemas_of<E: DomainEvent + ToSchema>(&mut self) -> anyhow::Result<()> {
        let mut schemas = Vec::new();
        E::schemas(&mut schemas);
        for (name, schema) in schemas {
            self.schemas.insert(name, serde_json::to_value(schema)?);
        }
        Ok(())
    }
}

fn message(event: &EventSchema) -> anyhow::Result<Value> {
    let (name, version) = (event.event_type.name, event.event_type.schema_version.to_string());
    let own = json!({"properties": {"ce_type": {"const": name}, "ce_schemaversion": {"const": version}}});
    Ok(json!({
        "name": name,
        "title": name,
        "summary": event.summary,
        "contentType": "application/json",
        "headers": {"allOf": [reference(&format!("components/schemas/{HEADERS}")), own]},
        "payload": serde_json::to_value(&event.payload)?,
        "bindings": {"kafka": {"key": {"type": "string", "format": "uuid"}}},
    }))
}

fn reference(pointer: &str) -> Value {
    json!({"$ref": format!("#/{pointer}")})
}
