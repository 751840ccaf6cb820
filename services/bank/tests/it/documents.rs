//! The documents say what the bank does: each is valid, complete, and kept under `docs` as it is printed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bank::documents;
use domain::Aggregate;
use domain::account::Account;
use domain::event::Payload;
use event_store::{CommitId, Metadata, RecordedEvent, StreamId, Version};
use jsonschema::{Registry, Validator};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::on_both_shapes;
use crate::ownership::route_table;
use crate::stage::Stage;

on_both_shapes! {
    the_document_and_its_page_are_served,
}

/// Where the documents are in these tests; nothing is fetched from there.
const OPENAPI: &str = "urn:bank:openapi";
const ASYNCAPI: &str = "urn:bank:asyncapi";

fn openapi() -> Value {
    documents::openapi().expect("the services agree")
}

fn asyncapi() -> Value {
    documents::asyncapi().expect("the schemas are JSON")
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_kept_copies_are_what_the_bank_prints() {
    for (command, document) in [("openapi", openapi()), ("asyncapi", asyncapi())] {
        let copy = workspace().join(format!("docs/{command}.json"));
        let kept = std::fs::read_to_string(copy).unwrap_or_default();
        let printed = documents::text(&document).expect("it is JSON");
        let renew = format!("cargo run -p bank -- {command} > docs/{command}.json");
        assert!(kept == printed, "docs/{command}.json is not what the bank says now; renew it: {renew}");
    }
}

#[test]
fn openapi_has_the_routes_of_the_gateway_and_no_others() {
    let document = openapi();
    let mut described = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let operation = operations.get(method.to_ascii_lowercase());
            described.extend(operation.map(|_| (path.clone(), method)));
        }
    }
    assert_eq!(described, route_table());
}

#[test]
fn operations_have_names_of_their_own() {
    let document = openapi();
    let mut names = BTreeSet::new();
    for operation in operations(&document) {
        let name = operation["operationId"].as_str().expect("an id");
        assert!(names.insert(name), "two operations are called {name}");
        assert!(operation["summary"].is_string(), "{name} has a summary");
    }
}

/// The schema of OpenAPI 3.1 itself, and that of JSON Schema for every schema within.
#[test]
fn openapi_is_valid() {
    let document = openapi();
    let schema = include_str!("documents/openapi-3.1.json");
    let schema: Value = serde_json::from_str(schema).expect("the schema of OpenAPI is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema of OpenAPI is a schema");
    let mistakes: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(mistakes.is_empty(), "{mistakes:#?}");
    every_schema_is_one(&document);
    every_reference_leads_somewhere(&document);
}

#[test]
fn asyncapi_is_whole() {
    let document = asyncapi();
    every_schema_is_one(&document);
    every_reference_leads_somewhere(&document);
    let channels = document["channels"].as_object().expect("channels");
    let topics: Vec<&str> = channels.values().filter_map(|channel| channel["address"].as_str()).collect();
    let expected =
        ["bank.account", "bank.bulk-transfer", "bank.customer", "bank.transfer", "bank.transfer-order"];
    assert_eq!(topics, expected);
}

/// Every payload that was ever written, one at least for each message.
#[test]
fn every_golden_event_is_what_asyncapi_says() {
    let document = asyncapi();
    let messages = document["components"]["messages"].as_object().expect("messages");
    let mut without: BTreeSet<&str> = messages.keys().map(String::as_str).collect();
    let folder = workspace().join("crates/domain/tests/golden");
    let entries = std::fs::read_dir(folder).expect("golden events");
    for path in entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file()) {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        let event_type = name.split('.').next().expect("an event type");
        let payload: Value =
            serde_json::from_slice(&std::fs::read(&path).expect("it is readable")).expect("it is JSON");
        let validator = validator(ASYNCAPI, &document, &format!("components/messages/{event_type}/payload"));
        let mistakes: Vec<String> = validator.iter_errors(&payload).map(|error| error.to_string()).collect();
        assert!(mistakes.is_empty(), "{name}: {mistakes:?}");
        // A schema that takes everything would pass, too.
        assert!(!validator.is_valid(&json!({})), "{event_type} has fields");
        without.remove(event_type);
    }
    assert!(without.is_empty(), "messages without a golden event: {without:?}");
}

#[test]
fn headers_are_what_asyncapi_says() {
    let document = asyncapi();
    let validator = validator(ASYNCAPI, &document, "components/messages/AccountOpened/headers");
    let id = Uuid::now_v7();
    let event = RecordedEvent {
        stream: StreamId::new(Account::TYPE, id),
        version: Version(1),
        event_id: id,
        event_type: "AccountOpened".to_owned(),
        schema_version: 1,
        payload: Payload::parse("{}").expect("JSON"),
        metadata: Metadata::default(),
        command_id: id,
        recorded_at: chrono::Utc::now(),
        commit_id: CommitId(1),
        ordinal: 0,
    };
    let message = messaging::to_message(&event, "/bank/accounts");
    let mut headers: Value = message.headers.into_iter().collect();
    let mistakes: Vec<String> = validator.iter_errors(&headers).map(|error| error.to_string()).collect();
    assert!(mistakes.is_empty(), "{mistakes:?}");
    headers["ce_type"] = json!("AccountClosed");
    assert!(!validator.is_valid(&headers), "a message is known by its type");
}

async fn the_document_and_its_page_are_served(stage: Stage) {
    let bank = stage.bank().with_token(None);
    assert_eq!(bank.get("/openapi.json").await.expect(200).body, openapi());
    let page = bank.get("/docs/").await.expect(200);
    assert_eq!(page.header("content-type"), "text/html");
    bank.get("/docs/swagger-ui-bundle.js").await.expect(200);
    bank.get("/docs/nothing.js").await.expect_problem(404, "route-not-found");
    stage.end().await;
}

fn operations(document: &Value) -> impl Iterator<Item = &Value> {
    let items = document["paths"].as_object().expect("paths").values();
    items.flat_map(|item| item.as_object().expect("operations").values())
}

/// A validator for the schema at `pointer` of a document, whose references stay within the document.
fn validator(uri: &str, document: &Value, pointer: &str) -> Validator {
    let registry = Registry::new().add(uri, document).expect("a document").prepare().expect("whole");
    let schema = json!({"$ref": format!("{uri}#/{pointer}")});
    jsonschema::options().with_registry(&registry).build(&schema).expect("a schema")
}

fn every_schema_is_one(document: &Value) {
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    for (name, schema) in schemas {
        assert!(jsonschema::meta::is_valid(schema), "{name}: {schema}");
        validator(OPENAPI, document, &format!("components/schemas/{name}"));
    }
}

fn every_reference_leads_somewhere(document: &Value) {
    let mut left = vec![document];
    let mut references = 0;
    while let Some(value) = left.pop() {
        match value {
            Value::Object(members) => {
                if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                    let pointer = reference.strip_prefix('#').expect("a reference within the document");
                    assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
                    references += 1;
                }
                left.extend(members.values());
            }
            Value::Array(items) => left.extend(items),
            _ => {}
        }
    }
    assert!(references > 50, "only {references} references were found");
}
