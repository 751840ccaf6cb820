//! The route table of the transfers service, and nothing else.

mod bulk_transfers;
pub(crate) mod openapi;
mod transfers;

use axum::Router;
use axum::routing::{get, post};

use crate::application::Application;

pub(crate) fn routes(application: Application) -> Router {
    Router::new()
        .route("/v1/transfers", post(transfers::create))
        .route("/v1/bulk-transfers", post(bulk_transfers::create))
        .route("/v1/bulk-transfers/{id}", get(bulk_transfers::one::read))
        .route("/v1/transfers/{id}", get(transfers::one::read))
        .route("/v1/transfers/{id}/cancel", post(transfers::cancel::cancel))
        .route("/v1/transfers/{id}/reverse", post(transfers::reverse::reverse))
        .with_state(application)
}
