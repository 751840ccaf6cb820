//! `POST /v1/transfer-orders/{id}/cancel`: nothing more is due; what was due before has its transfers.

use axum::extract::State;
use axum::http::StatusCode;
use domain::ids::OrderId;
use service_kit::command::{CommandRequest, Reply};
use service_kit::http::{Problem, ValidJson, ValidPath};
use uuid::Uuid;

use super::super::openapi::TAG;
use super::super::transfers::cancel::ReasonBody;
use super::OrderReply;
use crate::application::Application;
use crate::error::order_problem;

/// End an order; transfers that it has started go on
#[utoipa::path(
    post,
    path = "/v1/transfer-orders/{id}/cancel",
    operation_id = "cancelTransferOrder",
    tag = TAG,
    params(("id" = OrderId, Path, description = "The order"), CommandRequest),
    request_body = Option<ReasonBody>,
    responses(
        (status = 200, description = "Nothing more will be due", body = OrderReply),
        (status = 404, description = "transfer-order-not-found"),
        (status = 409, description = "order-completed"),
    ),
)]
pub(crate) async fn cancel(
    State(application): State<Application>,
    ValidPath(id): ValidPath<Uuid>,
    request: CommandRequest,
    body: Option<ValidJson<ReasonBody>>,
) -> Result<Reply, Problem> {
    let ValidJson { value: body, hash } = ValidJson::or_default(body);
    let context = request.context(hash);
    let executed =
        application.cancel_order(id, request.actor(), body.reason, context).await.map_err(order_problem)?;
    Ok(Reply::new(StatusCode::OK, &executed, &OrderReply::of(&executed)))
}
