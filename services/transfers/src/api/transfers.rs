//! `POST /v1/transfers`: accepting a transfer, and waiting for its end when asked to.

pub(super) mod cancel;
pub(super) mod one;
pub(super) mod reverse;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::ids::{AccountId, TransferId};
use domain::money::{Amount, Currency, Money};
use domain::text::Memo;
use domain::transfer::{CreatedTransfer, MoneyTransfer, RefusalReason, TransferDetails, TransferStatus};
use event_store::Executed;
use serde::{Deserialize, Serialize};
use service_kit::command::{CommandRequest, Reply};
use service_kit::http::{IdempotencyKey, IfMatch, Prefer, Problem, ValidJson, ValidQuery};
use service_kit::openapi::StreamVersion;
use utoipa::ToSchema;
use uuid::Uuid;

use super::openapi::TAG;
use crate::application::Application;
use crate::error::{problem, read_problem};

/// The body of `POST /v1/transfers`.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({
    "fromAccountId": "018f4f5e-36f3-7d0c-9c5b-00000000a11c",
    "toAccountId": "018f4f5e-36f3-7d0c-9c5b-000000000b0b",
    "amount": 5_500,
    "currency": "EUR",
    "memo": "Rent for May",
}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateBody {
    from_account_id: AccountId,
    to_account_id: AccountId,
    amount: Amount,
    currency: Currency,
    #[serde(default)]
    memo: Option<Memo>,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateQuery {
    /// Only say what would become of it. Then no `Idempotency-Key` is needed.
    #[serde(default)]
    dry_run: bool,
}

/// What would become of a transfer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TransferTrial)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TrialReply {
    /// `completed` or `failed`.
    would_be: TransferStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<RefusalReason>,
}

/// What a command on a transfer answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "018f4f60-0000-7000-8000-000000000007",
    "state": "completed",
    "version": 3,
}))]
#[serde(rename_all = "camelCase")]
pub(crate) struct TransferReply {
    #[schema(value_type = TransferId)]
    id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    state: Option<TransferStatus>,
    #[schema(value_type = StreamVersion)]
    version: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<RefusalReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reversal_of: Option<TransferId>,
}

impl TransferReply {
    pub(super) fn of_executed(executed: &Executed<MoneyTransfer>) -> Self {
        Self::of(executed.id, executed.version.0, &executed.state)
    }

    fn of(id: Uuid, version: i64, transfer: &MoneyTransfer) -> Self {
        let created = transfer.created();
        Self {
            id,
            state: transfer.status(),
            version,
            reason: created.and_then(CreatedTransfer::reason),
            reversal_of: created.and_then(|created| created.details.reversal_of),
        }
    }
}

/// Move money from one account to another
#[utoipa::path(
    post,
    path = "/v1/transfers",
    operation_id = "createTransfer",
    tag = TAG,
    params(IdempotencyKey, IfMatch, Prefer, CreateQuery),
    request_body = CreateBody,
    responses(
        (status = 200, description = "What would become of it; nothing was made", body = TrialReply),
        (status = 201, description = "The transfer has ended within the wait that was asked for", body = TransferReply, headers(("Location" = String, description = "The transfer"))),
        (status = 202, description = "Accepted; it goes on by itself", body = TransferReply, headers(("Location" = String, description = "The transfer"))),
        (status = 422, description = "same-account"),
    ),
)]
pub(crate) async fn create(
    State(application): State<Application>,
    prefer: Prefer,
    ValidQuery(query): ValidQuery<CreateQuery>,
    request: CommandRequest,
    ValidJson { value: body, hash }: ValidJson<CreateBody>,
) -> Result<Response, Problem> {
    let details = TransferDetails {
        transfer_id: Application::new_id(),
        from_account_id: body.from_account_id,
        to_account_id: body.to_account_id,
        money: Money { amount: body.amount, currency: body.currency },
        memo: body.memo,
        actor: Some(request.actor()),
        deadline: application.deadline_from(application.clock.now()),
        reversal_of: None,
        bulk_id: None,
        order_id: None,
    };
    if query.dry_run {
        return tried(&application, &details).await.map(IntoResponse::into_response);
    }
    let request = request.require_key()?;
    let executed = application.create(details, request.context(hash)).await.map_err(problem)?;
    accepted(&application, executed, prefer).await.map(IntoResponse::into_response)
}

/// Nothing is made, so that no key is needed.
async fn tried(application: &Application, details: &TransferDetails) -> Result<Json<TrialReply>, Problem> {
    let reason = application.refusal(details).await.map_err(read_problem)?;
    let would_be = if reason.is_some() { TransferStatus::Failed } else { TransferStatus::Completed };
    Ok(Json(TrialReply { would_be, reason }))
}

/// 202 with the transfer as accepted, or 201 with its end when the caller waits and it ends in time.
async fn accepted(
    application: &Application,
    mut executed: Executed<MoneyTransfer>,
    prefer: Prefer,
) -> Result<Reply, Problem> {
    if let Some(patience) = prefer.wait {
        let has_ended = MoneyTransfer::has_ended;
        let transfer = application.wait_until(&application.repository, executed.id, patience, has_ended);
        let transfer = transfer.await.map_err(read_problem)?;
        (executed.version, executed.state) = (transfer.version, transfer.state);
    }
    let ended = prefer.wait.is_some() && executed.state.has_ended();
    let status = if ended { StatusCode::CREATED } else { StatusCode::ACCEPTED };
    let body = TransferReply::of(executed.id, executed.version.0, &executed.state);
    Ok(Reply::new(status, &executed, &body)
        .location(&format!("/v1/transfers/{}", executed.id))
        .preference_applied(prefer))
}
