//! The route table of the transfers service, and nothing else.

mod bulk_transfers;
pub(crate) mod openapi;
mod transfer_orders;
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
        .route("/v1/transfer-orders", get(transfer_orders::list::list).post(transfer_orders::place))
        .route("/v1/transfer-orders/{id}", get(transfer_orders::one::read))
        .route("/v1/transfer-orders/{id}/cancel", post(transfer_orders::cancel::cancel))
        .with_state(application)
}
