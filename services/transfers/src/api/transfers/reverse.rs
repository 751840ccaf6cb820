//! `POST /v1/transfers/{id}/reverse`: a new transfer the other way, linked with the original.

use axum::extract::State;
use service_kit::command::{CommandRequest, Reply};
use service_kit::http::{Prefer, Problem, ValidJson, ValidPath};
use uuid::Uuid;

use super::accepted;
use super::cancel::ReasonBody;
use crate::application::Application;
use crate::error::problem;

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
