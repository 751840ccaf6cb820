//! Refusals in a document: RFC 9457 problems, each status with the codes that it can have.

use std::collections::BTreeSet;

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{AllOfBuilder, Components, SchemaType};
use utoipa::openapi::{ObjectBuilder, Ref, RefOr, SchemaFormat, Type};

use super::answers::{REPLAYED, header};
use crate::http::PROBLEM_JSON;

/// The schema that all of them share.
const SCHEMA: &str = "Problem";

/// Answers that are the same wherever they occur, so that operations refer to them.
const SHARED: &[(&str, u16, &[&str])] = &[
    ("Unauthenticated", 401, &["unauthenticated"]),
    ("BodyTimeout", 408, &["body-timeout"]),
    ("VersionMismatch", 412, &["version-mismatch"]),
    ("PayloadTooLarge", 413, &["payload-too-large"]),
    ("UnsupportedMediaType", 415, &["unsupported-media-type"]),
    ("TooManyRequests", 429, &["too-many-requests"]),
    ("Internal", 500, &["internal"]),
    ("UpstreamFailed", 502, &["upstream-failed"]),
    ("Unavailable", 503, &["keys-unavailable", "overloaded", "request-timeout", "upstream-unavailable"]),
    ("PublicUnavailable", 503, &["overloaded", "request-timeout", "upstream-unavailable"]),
    ("UpstreamTimeout", 504, &["upstream-timeout"]),
];

/// The problem of this status with one of these codes.
pub(super) fn answer(status: u16, codes: &BTreeSet<String>, repeatable: bool) -> RefOr<Response> {
    let shared = SHARED.iter().find(|(_, of, exactly)| {
        *of == status && exactly.len() == codes.len() && exactly.iter().all(|code| codes.contains(*code))
    });
    match shared {
        Some((name, ..)) => Ref::from_response_name(*name).into(),
        None => {
            let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
            let problem = problem(status, &codes);
            // A refusal by the rules is kept under the caller's key, and answered again.
            let kept = repeatable && matches!(status, 403 | 404 | 409 | 422);
            if kept { problem.header("Idempotent-Replayed", header(REPLAYED)) } else { problem }
                .build()
                .into()
        }
    }
}

pub(super) fn add_to(components: &mut Components) {
    components.schemas.insert(SCHEMA.to_owned(), schema().into());
    for (name, status, codes) in SHARED {
        components.responses.insert((*name).to_owned(), problem(*status, codes).build().into());
    }
}

fn problem(status: u16, codes: &[&str]) -> ResponseBuilder {
    let listed = codes.iter().map(|code| format!("`{code}`")).collect::<Vec<_>>().join(", ");
    let own = ObjectBuilder::new().property("code", text().enum_values(Some(codes.iter().copied())));
    let schema = AllOfBuilder::new().item(Ref::from_schema_name(SCHEMA)).item(own);
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let media_type = PROBLEM_JSON.to_str().unwrap_or_default().to_owned();
    let answer = ResponseBuilder::new().description(listed).content(media_type, content);
    match status {
        401 => answer.header("WWW-Authenticate", header("The scheme that would do: `Bearer`.")),
        412 if codes.contains(&"view-out-of-date") => answer.header("Retry-After", header(RETRY_AFTER)),
        429 | 502 | 503 => answer.header("Retry-After", header(RETRY_AFTER)),
        _ => answer,
    }
}

const RETRY_AFTER: &str = "After how many seconds another try makes sense.";

fn schema() -> ObjectBuilder {
    let uri = || text().format(Some(SchemaFormat::Custom("uri".to_owned())));
    let status = ObjectBuilder::new().schema_type(SchemaType::Type(Type::Integer));
    ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::Object))
        .description(Some("A refusal (RFC 9457). Programs go by `code`, people read `detail`."))
        .property("type", uri().description(Some("`urn:bank:problem:` and the code.")))
        .property("title", text().description(Some("The code in words.")))
        .property("status", status.minimum(Some(400)).maximum(Some(599)))
        .property("code", text().pattern(Some("^[a-z-]+$")).description(Some("The stable word to go by.")))
        .property("detail", text().description(Some("What happened, for people.")))
        .property("pointer", text().description(Some("Where in the body, as a JSON pointer (RFC 6901).")))
        .property("instance", uri().description(Some("The request's id, to quote in a report.")))
        .required("type")
        .required("title")
        .required("status")
        .required("code")
        .required("detail")
        .examples([serde_json::json!({
            "type": "urn:bank:problem:insufficient-funds",
            "title": "Insufficient funds",
            "status": 409,
            "code": "insufficient-funds",
            "detail": "the account holds 100 minor units, 250 were asked for",
            "instance": "urn:uuid:018f4f63-0000-7000-8000-000000000001",
        })])
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::String))
}
