//! `POST /v1/transfers/{id}/cancel`: possible until the debit is recorded.

use axum::extract::State;
use axum::http::StatusCode;
use domain::ids::TransferId;
use domain::text::Memo;
use serde::Deserialize;
use service_kit::command::{CommandRequest, Reply};
use service_kit::http::{Problem, ValidJson, ValidPath};
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::openapi::TAG;
use super::TransferReply;
use crate::application::Application;
use crate::error::problem;

/// Why, for the record. The body may be left out.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = json!({"reason": "Card lost"}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ReasonBody {
    #[serde(default)]
    pub(in crate::api) reason: Option<Memo>,
}

/// Stop a transfer whose debit is not recorded yet
#[utoipa::path(
    post,
    path = "/v1/transfers/{id}/cancel",
    operation_id = "cancelTransfer",
    tag = TAG,
    params(("id" = TransferId, Path, description = "The transfer"), CommandRequest),
    request_body = Option<ReasonBody>,
    responses(
        (status = 202, description = "It will be cancelled; the answer to its debit decides what has to be undone", body = TransferReply),
        (status = 403, description = "forbidden"),
        (status = 404, description = "transfer-not-found"),
        (status = 409, description = "too-late"),
    ),
)]
pub(crate) async fn cancel(
    State(application): State<Application>,
    ValidPath(id): ValidPath<Uuid>,
    request: CommandRequest,
    body: Option<ValidJson<ReasonBody>>,
) -> Result<Reply, Problem> {
    let ValidJson { value: body, hash } = ValidJson::or_default(body);
    let executed =
        application.cancel(id, request.actor(), body.reason, request.context(hash)).await.map_err(problem)?;
    let reply = TransferReply::of(executed.id, executed.version.0, &executed.state);
    Ok(Reply::new(StatusCode::ACCEPTED, &executed, &reply))
}
