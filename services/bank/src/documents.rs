//! What the bank says about its interfaces: HTTP as OpenAPI, events as AsyncAPI. Both are made from the types themselves.

mod asyncapi;

use std::process::ExitCode;

use axum::Router;
use serde::Serialize;
use serde_json::Value;
use service_kit::Failure;
use service_kit::openapi::{document_route, join, page_routes};

use crate::cli::print;
pub use asyncapi::asyncapi;

/// The whole bank's HTTP interface, as behind its gateway.
///
/// # Errors
/// When two services contradict each other.
pub fn openapi() -> anyhow::Result<Value> {
    joined(true)
}

/// The document, and the page that shows it.
///
/// # Errors
/// When two services contradict each other.
pub(crate) fn routes(with_customers: bool) -> anyhow::Result<Router> {
    Ok(document_route(&joined(with_customers)?)?.merge(page_routes()))
}

fn joined(with_customers: bool) -> anyhow::Result<Value> {
    let mut services =
        vec![accounts::openapi(), transfers::openapi(), account_history::openapi(), webhooks::openapi()];
    services.extend(with_customers.then(customers::openapi));
    let documents = services.iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>()?;
    Ok(join(documents)?)
}

/// The text of a document, as it is printed and kept under `docs`.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn text(document: &impl Serialize) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(document)? + "\n")
}

/// `bank openapi` and `bank asyncapi`.
pub(crate) fn show(document: anyhow::Result<Value>) -> Result<ExitCode, Failure> {
    let text = document.and_then(|document| text(&document)).map_err(Failure::start)?;
    print(&text).map(|()| ExitCode::SUCCESS)
}
