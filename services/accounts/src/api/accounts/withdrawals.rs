//! `POST /v1/accounts/{id}/withdrawals`; on a closed account with money left it is the way to pay out.

use axum::extract::State;
use axum::http::StatusCode;
use domain::account::AccountCommand;
use domain::ids::AccountId;
use service_kit::command::{CommandRequest, Reply};
use service_kit::http::{Problem, ValidJson, ValidPath};
use uuid::Uuid;

use super::super::openapi::TAG;
use super::AccountReply;
use super::deposits::MoneyBody;
use crate::application::Application;
use crate::error::problem;

/// Pay money out
#[utoipa::path(
    post,
    path = "/v1/accounts/{id}/withdrawals",
    operation_id = "withdraw",
    tag = TAG,
    params(("id" = AccountId, Path, description = "The account"), CommandRequest),
    request_body = MoneyBody,
    responses(
        (status = 200, description = "Paid out", body = AccountReply),
        (status = 404, description = "account-not-found"),
        (status = 409, description = "account-closed, account-frozen, insufficient-funds"),
        (status = 422, description = "currency-mismatch"),
    ),
)]
pub(crate) async fn withdraw(
    State(application): State<Application>,
    ValidPath(id): ValidPath<Uuid>,
    request: CommandRequest,
    ValidJson { value: body, hash }: ValidJson<MoneyBody>,
) -> Result<Reply, Problem> {
    let command = AccountCommand::Withdraw {
        actor: request.actor(),
        money: body.money(),
        memo: body.memo,
        now: application.clock.now(),
    };
    let executed = application.execute(id, command, request.context(hash)).await.map_err(problem)?;
    Ok(Reply::new(StatusCode::OK, &executed, &AccountReply::with_balance(&executed)))
}
