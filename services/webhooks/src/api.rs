//! The route table of the webhooks service, and nothing else.

mod deliveries;
pub(crate) mod openapi;
mod schemas;
mod webhooks;

use axum::Router;
use axum::routing::{get, post};

use crate::application::Application;

pub(crate) fn routes(application: Application) -> Router {
    Router::new()
        .route("/v1/webhooks", get(webhooks::list).post(webhooks::create))
        .route("/v1/webhooks/{id}", get(webhooks::read).patch(webhooks::change).delete(webhooks::remove))
        .route("/v1/webhooks/{id}/rotate-secret", post(webhooks::rotate_secret))
        .route("/v1/webhooks/{id}/test", post(deliveries::test))
        .route("/v1/webhooks/{id}/deliveries", get(deliveries::list))
        .route("/v1/webhooks/{id}/deliveries/{deliveryId}/redeliver", post(deliveries::redeliver))
        .with_state(application)
}
