//! The bank's document and its page. What the services say about themselves is asked for when somebody reads it, so that
//! it is true after each of them was replaced.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::Value;
use service_kit::http::Problem;
use service_kit::openapi::{OPENAPI_PATH, join, page_routes};

use crate::api::Services;
use crate::proxy::Upstream;

pub(crate) fn routes(services: &Services) -> Router {
    let upstreams: Arc<[Upstream]> = services.all().into_iter().cloned().collect();
    Router::new().route(OPENAPI_PATH, get(read)).with_state(upstreams).merge(page_routes())
}

async fn read(State(upstreams): State<Arc<[Upstream]>>) -> Result<Json<Value>, Problem> {
    let mut documents = Vec::new();
    for upstream in upstreams.iter() {
        documents.push(upstream.read(OPENAPI_PATH).await?);
    }
    join(documents).map(Json).map_err(|error| Problem::internal(&error))
}
