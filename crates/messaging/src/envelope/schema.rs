//! The headers of a message as a JSON schema, for the documents.

use serde_json::{Value, json};

use super::{CONTENT_TYPE, SPEC_VERSION, name};

/// What [`super::to_message`] writes. Headers are text; formats and patterns say what stands in it.
#[must_use]
pub fn headers_schema() -> Value {
    let uuid = json!({"type": "string", "format": "uuid"});
    let number = json!({"type": "string", "pattern": "^[0-9]+$"});
    let text = json!({"type": "string"});
    json!({
        "type": "object",
        "description": "CloudEvents 1.0 attributes in binary mode, and the W3C trace context.",
        "properties": {
            name::CONTENT_TYPE: {"const": CONTENT_TYPE},
            name::SPEC_VERSION: {"const": SPEC_VERSION},
            name::ID: uuid,
            name::TYPE: text,
            name::SOURCE: {"type": "string", "format": "uri-reference", "examples": ["/bank/accounts"]},
            name::SUBJECT: uuid,
            name::TIME: {"type": "string", "format": "date-time"},
            name::SEQUENCE: number,
            name::AGGREGATE_TYPE: text,
            name::SCHEMA_VERSION: number,
            name::COMMAND_ID: uuid,
            name::COMMIT_ID: number,
            name::ORDINAL: number,
            name::CORRELATION_ID: uuid,
            name::CAUSATION_ID: uuid,
            name::ACTOR: text,
            name::TRACEPARENT: text,
            name::TRACESTATE: text,
        },
        "required": [
            name::CONTENT_TYPE,
            name::SPEC_VERSION,
            name::ID,
            name::TYPE,
            name::SOURCE,
            name::SUBJECT,
            name::TIME,
            name::SEQUENCE,
            name::AGGREGATE_TYPE,
            name::SCHEMA_VERSION,
            name::COMMAND_ID,
            name::COMMIT_ID,
            name::ORDINAL,
        ],
    })
}
