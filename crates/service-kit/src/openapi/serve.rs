//! Where a process shows its document.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use bytes::Bytes;
use serde::Serialize;

/// Where the document is; outside `/v1`, and for everybody.
pub const OPENAPI_PATH: &str = "/openapi.json";

/// The route of a document that does not change while the process runs.
///
/// # Errors
/// When the document cannot be written as JSON.
pub fn document_route(document: &impl Serialize) -> serde_json::Result<Router> {
    let text = Bytes::from(serde_json::to_vec(document)?);
    let answer = move || async move { ([(CONTENT_TYPE, "application/json")], text) };
    Ok(Router::new().route(OPENAPI_PATH, get(answer)))
}
