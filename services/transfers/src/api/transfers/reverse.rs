//! `POST /v1/transfers/{id}/reverse`: a new transfer the other way, linked with the original.

use axum::extract::State;
use domain::ids::TransferId;
use service_kit::command::{CommandRequest, Reply};
use service_kit::http::{Prefer, Problem, ValidJson, ValidPath};
use uuid::Uuid;

use super::super::openapi::TAG;
use super::TransferReply;
use super::accepted;
use super::cancel::ReasonBody;
use crate::application::Application;
use crate::error::problem;

/// Send the money of a completed transfer back, as a new transfer
#[utoipa::path(
    post,
    path = "/v1/transfers/{id}/reverse",
    operation_id = "reverseTransfer",
    tag = TAG,
    params(("id" = TransferId, Path, description = "The transfer"), Prefer, CommandRequest),
    request_body = Option<ReasonBody>,
    responses(
        (status = 201, description = "The new transfer has ended within the wait that was asked for", body = TransferReply, headers(("Location" = String, description = "The new transfer"))),
        (status = 202, description = "The new transfer goes on by itself", body = TransferReply, headers(("Location" = String, description = "The new transfer"))),
        (status = 403, description = "forbidden"),
        (status = 404, description = "transfer-not-found"),
        (status = 409, description = "already-reversed, not-completed"),
    ),
)]
pub(crate) async fn reverse(
    State(application): State<Application>,
    ValidPath(id): ValidPath<Uuid>,
    prefer: Prefer,
    request: CommandRequest,
    body: Option<ValidJson<ReasonBody>>,
) -> Result<Reply, Problem> {
    let ValidJson { value: body, hash } = ValidJson::or_default(body);
    let (mut reversal, replayed) = application
        .reverse(id, request.actor(), body.reason, request.context(hash))
        .await
        .map_err(problem)?;
    // The subscription may have created the transfer first; the caller's own request decides what a replay is.
    reversal.replayed = replayed;
    accepted(&application, reversal, prefer).await
}
