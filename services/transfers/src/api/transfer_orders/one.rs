//! `GET /v1/transfer-orders/{id}`: the order itself and its latest transfers, never older than the last answer.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::ids::OrderId;
use service_kit::http::{Problem, SignedIn, ValidPath, with_version};
use uuid::Uuid;

use super::super::openapi::TAG;
use super::document::OrderDocument;
use crate::application::Application;
use crate::error::{order_not_found, read_order_problem};

/// An order, and how its latest transfers went
#[utoipa::path(
    get,
    path = "/v1/transfer-orders/{id}",
    operation_id = "readTransferOrder",
    tag = TAG,
    params(("id" = OrderId, Path, description = "The order")),
    responses(
        (status = 200, description = "The order as it is now", body = OrderDocument, headers(("ETag" = String, description = "Its version, as a strong tag"))),
        (status = 404, description = "transfer-order-not-found"),
    ),
)]
pub(crate) async fn read(
    State(application): State<Application>,
    SignedIn(caller): SignedIn,
    ValidPath(id): ValidPath<Uuid>,
) -> Result<Response, Problem> {
    let order = application.find_order(id, &caller.actor()).await.map_err(read_order_problem)?;
    let order = order.ok_or_else(order_not_found)?;
    let placed = order.state.placed().ok_or_else(order_not_found)?;
    let progress = application.progress_of(placed).await.map_err(read_order_problem)?;
    let document = OrderDocument::of(&order, &progress).ok_or_else(order_not_found)?;
    Ok(with_version(order.version.0, Json(document)))
}
