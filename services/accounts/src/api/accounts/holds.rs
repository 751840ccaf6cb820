//! `POST /v1/accounts/{id}/holds`, and what becomes of a hold: `/capture` and `/void`.

use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use domain::account::AccountCommand;
use domain::ids::{AccountId, HoldId};
use domain::money::{Amount, Balance, Currency, Money};
use domain::text::Memo;
use event_store::{CommandContext, Executed};
use serde::{Deserialize, Serialize};
use service_kit::command::{CommandRequest, Reply};
use service_kit::http::{Problem, ValidJson, ValidPath};
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::openapi::TAG;
use super::AccountReply;
use crate::application::Application;
use crate::error::problem;

/// The body of a hold.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({
    "amount": 12_000,
    "currency": "EUR",
    "memo": "Hotel",
    "expiresAt": "2026-12-24T12:00:00Z",
}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct HoldBody {
    amount: Amount,
    currency: Currency,
    #[serde(default)]
    memo: Option<Memo>,
    expires_at: DateTime<Utc>,
}

/// The body of a capture. It may be left out: then everything that is held is captured.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = json!({"amount": 11_000}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CaptureBody {
    #[serde(default)]
    amount: Option<Amount>,
}

/// Voiding says nothing but its path. The body may be left out.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VoidBody {}

/// Which hold of which account.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HoldPath {
    id: Uuid,
    hold_id: HoldId,
}

/// What a command on a hold answers.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HoldReply {
    #[serde(flatten)]
    account: AccountReply,
    hold_id: HoldId,
    /// What may leave the account now.
    #[schema(nullable = false)]
    available: Option<Balance>,
}

/// Keep money for somebody
#[utoipa::path(
    post,
    path = "/v1/accounts/{id}/holds",
    operation_id = "placeHold",
    tag = TAG,
    params(("id" = AccountId, Path, description = "The account"), CommandRequest),
    request_body = HoldBody,
    responses(
        (status = 201, description = "Kept until it is captured, voided or expires", body = HoldReply),
        (status = 404, description = "account-not-found"),
        (status = 409, description = "account-closed, account-frozen, hold-exists, insufficient-funds, too-many-holds"),
        (status = 422, description = "currency-mismatch, invalid-expiry"),
    ),
)]
pub(crate) async fn place(
    State(application): State<Application>,
    ValidPath(id): ValidPath<Uuid>,
    request: CommandRequest,
    ValidJson { value: body, hash }: ValidJson<HoldBody>,
) -> Result<Reply, Problem> {
    let context = request.context(hash);
    // The command's own id, so that the same request again is answered with the same hold.
    let hold_id = HoldId(context.command_id);
    let now = application.clock.now();
    let command = AccountCommand::PlaceHold {
        actor: request.actor(),
        hold_id,
        money: Money { amount: body.amount, currency: body.currency },
        memo: body.memo,
        expires_at: body.expires_at,
        now,
    };
    let path = HoldPath { id, hold_id };
    change(&application, path, command, context, StatusCode::CREATED, now).await
}

/// Take what is held, or less of it
#[utoipa::path(
    post,
    path = "/v1/accounts/{id}/holds/{holdId}/capture",
    operation_id = "captureHold",
    tag = TAG,
    params(("id" = AccountId, Path, description = "The account"),
        ("holdId" = HoldId, Path, description = "The hold"), CommandRequest),
    request_body = Option<CaptureBody>,
    responses(
        (status = 200, description = "It has left the account; what was held beyond it is free again", body = HoldReply),
        (status = 403, description = "forbidden"),
        (status = 404, description = "account-not-found, hold-not-found"),
        (status = 409, description = "account-closed, account-frozen, hold-expired, exceeds-hold, insufficient-funds"),
    ),
)]
pub(crate) async fn capture(
    State(application): State<Application>,
    ValidPath(path): ValidPath<HoldPath>,
    request: CommandRequest,
    body: Option<ValidJson<CaptureBody>>,
) -> Result<Reply, Problem> {
    let ValidJson { value: body, hash } = ValidJson::or_default(body);
    let (actor, hold_id, now) = (request.actor(), path.hold_id, application.clock.now());
    let command = AccountCommand::CaptureHold { actor, hold_id, amount: body.amount, now };
    change(&application, path, command, request.context(hash), StatusCode::OK, now).await
}

/// Give back what is held
#[utoipa::path(
    post,
    path = "/v1/accounts/{id}/holds/{holdId}/void",
    operation_id = "voidHold",
    tag = TAG,
    params(("id" = AccountId, Path, description = "The account"),
        ("holdId" = HoldId, Path, description = "The hold"), CommandRequest),
    request_body = Option<VoidBody>,
    responses(
        (status = 200, description = "It is free again", body = HoldReply),
        (status = 403, description = "forbidden"),
        (status = 404, description = "account-not-found, hold-not-found"),
        (status = 409, description = "account-closed"),
    ),
)]
pub(crate) async fn void(
    State(application): State<Application>,
    ValidPath(path): ValidPath<HoldPath>,
    request: CommandRequest,
    body: Option<ValidJson<VoidBody>>,
) -> Result<Reply, Problem> {
    let ValidJson { hash, .. } = ValidJson::or_default(body);
    let (actor, hold_id, now) = (request.actor(), path.hold_id, application.clock.now());
    let command = AccountCommand::VoidHold { actor, hold_id, now };
    change(&application, path, command, request.context(hash), StatusCode::OK, now).await
}

async fn change(
    application: &Application,
    HoldPath { id, hold_id }: HoldPath,
    command: AccountCommand,
    context: CommandContext,
    status: StatusCode,
    now: DateTime<Utc>,
) -> Result<Reply, Problem> {
    let executed = application.execute(id, command, context).await.map_err(problem)?;
    let Executed { state, .. } = &executed;
    let available = state.opened().map(|account| account.available(now));
    let reply = HoldReply { account: AccountReply::with_balance(&executed), hold_id, available };
    Ok(Reply::new(status, &executed, &reply))
}
