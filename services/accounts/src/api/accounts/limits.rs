//! `POST /v1/accounts/{id}/overdraft-limit` and `/daily-transfer-limit`: how far an account may go.

use axum::extract::State;
use axum::http::StatusCode;
use domain::account::AccountCommand;
use domain::ids::AccountId;
use domain::money::{Amount, AmountOrZero, Currency};
use serde::Deserialize;
use service_kit::command::{CommandRequest, Reply};
use service_kit::http::{Problem, ValidJson, ValidPath};
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::openapi::TAG;
use super::AccountReply;
use crate::application::Application;
use crate::error::problem;

/// The body of an overdraft limit.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"limit": 50_000, "currency": "EUR"}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OverdraftBody {
    limit: AmountOrZero,
    currency: Currency,
}

/// The body of a daily limit.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"limit": 100_000, "currency": "EUR"}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DailyTransferBody {
    /// `null` is no limit, and has to be said.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required)]
    limit: Option<Amount>,
    currency: Currency,
}

/// Say how far below zero an account may go
#[utoipa::path(
    post,
    path = "/v1/accounts/{id}/overdraft-limit",
    operation_id = "setOverdraftLimit",
    tag = TAG,
    params(("id" = AccountId, Path, description = "The account"), CommandRequest),
    request_body = OverdraftBody,
    responses(
        (status = 200, description = "It holds from now on", body = AccountReply),
        (status = 403, description = "forbidden"),
        (status = 404, description = "account-not-found"),
        (status = 409, description = "account-closed, overdraft-in-use"),
        (status = 422, description = "currency-mismatch"),
    ),
)]
pub(crate) async fn set_overdraft(
    State(application): State<Application>,
    ValidPath(id): ValidPath<Uuid>,
    request: CommandRequest,
    ValidJson { value: body, hash }: ValidJson<OverdraftBody>,
) -> Result<Reply, Problem> {
    let command = AccountCommand::SetOverdraftLimit {
        actor: request.actor(),
        limit: body.limit,
        currency: body.currency,
        now: application.clock.now(),
    };
    let executed = application.execute(id, command, request.context(hash)).await.map_err(problem)?;
    Ok(Reply::new(StatusCode::OK, &executed, &AccountReply::with_balance(&executed)))
}

/// Say how much transfers may take out of an account in one day of UTC
#[utoipa::path(
    post,
    path = "/v1/accounts/{id}/daily-transfer-limit",
    operation_id = "setDailyTransferLimit",
    tag = TAG,
    params(("id" = AccountId, Path, description = "The account"), CommandRequest),
    request_body = DailyTransferBody,
    responses(
        (status = 200, description = "It holds from now on", body = AccountReply),
        (status = 403, description = "forbidden"),
        (status = 404, description = "account-not-found"),
        (status = 409, description = "account-closed"),
        (status = 422, description = "currency-mismatch"),
    ),
)]
pub(crate) async fn set_daily_transfer(
    State(application): State<Application>,
    ValidPath(id): ValidPath<Uuid>,
    request: CommandRequest,
    ValidJson { value: body, hash }: ValidJson<DailyTransferBody>,
) -> Result<Reply, Problem> {
    let command = AccountCommand::SetDailyTransferLimit {
        actor: request.actor(),
        limit: body.limit,
        currency: body.currency,
        now: application.clock.now(),
    };
    let executed = application.execute(id, command, request.context(hash)).await.map_err(problem)?;
    Ok(Reply::new(StatusCode::OK, &executed, &AccountReply::with_balance(&executed)))
}
