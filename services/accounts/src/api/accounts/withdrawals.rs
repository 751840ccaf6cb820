//! `POST /v1/accounts/{id}/withdrawals`; on a closed account with money left it is the way to pay out.

use axum::extract::State;
use axum::http::StatusCode;
use domain::account::AccountCommand;
use service_kit::command::{CommandRequest, Reply};
use service_kit::http::{Problem, ValidJson, ValidPath};
use uuid::Uuid;

use super::AccountReply;
use super::deposits::MoneyBody;
use crate::application::Application;
use crate::error::problem;

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
