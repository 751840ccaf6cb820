//! How a service that owns streams lends them to a view that has a gap.
//!
//! The route lies outside `/v1`, so the gateway never forwards it; and only who knows the services' secret is answered.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use event_store::{EventStore, RecordedEvent, StreamId, Until, Version};
use serde::Deserialize;
use uuid::Uuid;

use crate::command::problem_of_store;
use crate::http::{Problem, ValidPath, ValidQuery, between_services};
use crate::settings::Secret;

/// Serves `GET /internal/streams/{type}/{id}/events?after=V`: a JSON array of recorded events in order.
pub fn routes(store: Arc<dyn EventStore>, secret: Secret) -> Router {
    let routes = Router::new()
        .route("/internal/streams/{aggregate_type}/{id}/events", get(events_after))
        .with_state(store);
    between_services(routes, secret)
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
