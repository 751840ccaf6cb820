//! How a service that owns streams lends them to a view that has a gap.
//!
//! The route lies outside `/v1`, so the gateway never forwards it; and only who knows the services' secret is answered.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use event_store::{EventStore, RecordedEvent, StreamId, Until, Version};
use serde::Deserialize;
use uuid::Uuid;

use crate::command::problem_of_store;
use crate::http::{Problem, ValidPath, ValidQuery, bearer_token};
use crate::settings::Secret;

/// Serves `GET /internal/streams/{type}/{id}/events?after=V`: a JSON array of recorded events in order.
pub fn routes(store: Arc<dyn EventStore>, secret: Secret) -> Router {
    Router::new()
        .route("/internal/streams/{aggregate_type}/{id}/events", get(events_after))
        .with_state(store)
        .layer(middleware::from_fn_with_state(secret, require_secret))
}

async fn require_secret(
    State(secret): State<Secret>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let shown = request.headers().get(AUTHORIZATION).and_then(bearer_token);
    if secret.is(shown.unwrap_or_default()) {
        return Ok(next.run(request).await);
    }
    tracing::warn!("refused a request for a stream: it did not show `internal_secret`");
    Err(Problem::invalid_token("only services that know internal_secret may read streams"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct After {
    #[serde(default)]
    after: i64,
}

async fn events_after(
    State(store): State<Arc<dyn EventStore>>,
    ValidPath((aggregate_type, id)): ValidPath<(String, Uuid)>,
    ValidQuery(After { after }): ValidQuery<After>,
) -> Result<Json<Vec<RecordedEvent>>, Problem> {
    if after < 0 {
        return Err(Problem::invalid_query("`after` is a version: 0 or more"));
    }
    if aggregate_type.contains('\0') {
        return Err(Problem::invalid_path("an aggregate type has no U+0000"));
    }
    let stream = StreamId::new(aggregate_type, id);
    store.load(&stream, Version(after), Until::Latest).await.map(Json).map_err(problem_of_store)
}
