//! `POST /v1/accounts/{id}/deposits`.

use axum::extract::State;
use axum::http::StatusCode;
use domain::account::AccountCommand;
use domain::ids::AccountId;
use domain::money::{Amount, Currency, Money};
use domain::text::Memo;
use serde::Deserialize;
use service_kit::command::{CommandRequest, Reply};
use service_kit::http::{Problem, ValidJson, ValidPath};
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::openapi::TAG;
use super::AccountReply;
use crate::application::Application;
use crate::error::problem;

/// The body of a deposit or a withdrawal.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"amount": 5_500, "currency": "EUR", "memo": "Rent for May"}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MoneyBody {
    amount: Amount,
    currency: Currency,
    #[serde(default)]
    pub(super) memo: Option<Memo>,
}

impl MoneyBody {
    pub(super) fn money(&self) -> Money {
        Money { amount: self.amount, currency: self.currency }
    }
}

/// Pay money in
#[utoipa::path(
    post,
    path = "/v1/accounts/{id}/deposits",
    operation_id = "deposit",
    tag = TAG,
    params(("id" = AccountId, Path, description = "The account"), CommandRequest),
    request_body = MoneyBody,
    responses(
        (status = 200, description = "Paid in", body = AccountReply),
        (status = 404, description = "account-not-found"),
        (status = 409, description = "account-closed, account-frozen, limit-exceeded"),
        (status = 422, description = "currency-mismatch"),
    ),
)]
pub(crate) async fn deposit(
    State(application): State<Application>,
    ValidPath(id): ValidPath<Uuid>,
    request: CommandRequest,
    ValidJson { value: body, hash }: ValidJson<MoneyBody>,
) -> Result<Reply, Problem> {
    let command = AccountCommand::Deposit {
        actor: request.actor(),
        money: body.money(),
        memo: body.memo,
        now: application.clock.now(),
    };
    let executed = application.execute(id, command, request.context(hash)).await.map_err(problem)?;
    Ok(Reply::new(StatusCode::OK, &executed, &AccountReply::with_balance(&executed)))
}
