//! `POST /v1/accounts/{id}/freeze`, `/unfreeze` and `/close`: what may be done with the account from now on.

use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use domain::account::AccountCommand;
use domain::ids::AccountId;
use domain::text::{Actor, Memo};
use serde::Deserialize;
use service_kit::command::{CommandRequest, Reply};
use service_kit::http::{Problem, ValidJson, ValidPath};
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::openapi::TAG;
use super::AccountReply;
use crate::application::Application;
use crate::error::problem;

/// Why, for the record. The body may be left out.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = json!({"reason": "Card lost"}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ReasonBody {
    #[serde(default)]
    reason: Option<Memo>,
}

/// Stop all movements of an account
#[utoipa::path(
    post,
    path = "/v1/accounts/{id}/freeze",
    operation_id = "freezeAccount",
    tag = TAG,
    params(("id" = AccountId, Path, description = "The account"), CommandRequest),
    request_body = Option<ReasonBody>,
    responses(
        (status = 200, description = "Frozen", body = AccountReply),
        (status = 404, description = "account-not-found"),
        (status = 409, description = "account-closed"),
    ),
)]
pub(crate) async fn freeze(
    application: State<Application>,
    id: ValidPath<Uuid>,
    request: CommandRequest,
    body: Option<ValidJson<ReasonBody>>,
) -> Result<Reply, Problem> {
    change(application, id, request, body, |actor, reason, now| AccountCommand::Freeze { actor, reason, now })
        .await
}

/// Allow movements again
#[utoipa::path(
    post,
    path = "/v1/accounts/{id}/unfreeze",
    operation_id = "unfreezeAccount",
    tag = TAG,
    params(("id" = AccountId, Path, description = "The account"), CommandRequest),
    request_body = Option<ReasonBody>,
    responses(
        (status = 200, description = "Open again", body = AccountReply),
        (status = 403, description = "forbidden"),
        (status = 404, description = "account-not-found"),
        (status = 409, description = "account-closed"),
    ),
)]
pub(crate) async fn unfreeze(
    application: State<Application>,
    id: ValidPath<Uuid>,
    request: CommandRequest,
    body: Option<ValidJson<ReasonBody>>,
) -> Result<Reply, Problem> {
    change(application, id, request, body, |actor, reason, now| AccountCommand::Unfreeze {
        actor,
        reason,
        now,
    })
    .await
}

/// Close an empty account for good
#[utoipa::path(
    post,
    path = "/v1/accounts/{id}/close",
    operation_id = "closeAccount",
    tag = TAG,
    params(("id" = AccountId, Path, description = "The account"), CommandRequest),
    request_body = Option<ReasonBody>,
    responses(
        (status = 200, description = "Closed", body = AccountReply),
        (status = 404, description = "account-not-found"),
        (status = 409, description = "account-closed, account-frozen, balance-not-zero"),
    ),
)]
pub(crate) async fn close(
    application: State<Application>,
    id: ValidPath<Uuid>,
    request: CommandRequest,
    body: Option<ValidJson<ReasonBody>>,
) -> Result<Reply, Problem> {
    change(application, id, request, body, |actor, reason, now| AccountCommand::Close { actor, reason, now })
        .await
}

async fn change(
    State(application): State<Application>,
    ValidPath(id): ValidPath<Uuid>,
    request: CommandRequest,
    body: Option<ValidJson<ReasonBody>>,
    command: fn(Actor, Option<Memo>, DateTime<Utc>) -> AccountCommand,
) -> Result<Reply, Problem> {
    let ValidJson { value: body, hash } = ValidJson::or_default(body);
    let command = command(request.actor(), body.reason, application.clock.now());
    let executed = application.execute(id, command, request.context(hash)).await.map_err(problem)?;
    Ok(Reply::new(StatusCode::OK, &executed, &AccountReply::of(&executed)))
}
