//! `POST /v1/accounts/{id}/overdraft-limit` and `/daily-transfer-limit`: how far an account may go.

use axum::extract::State;
use axum::http::StatusCode;
use domain::account::AccountCommand;
use domain::money::{Amount, AmountOrZero, Currency};
use serde::Deserialize;
use service_kit::command::{CommandRequest, Reply};
use service_kit::http::{Problem, ValidJson, ValidPath};
use uuid::Uuid;

use super::AccountReply;
use crate::application::Application;
use crate::error::problem;

/// The body of an overdraft limit.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OverdraftBody {
    limit: AmountOrZero,
    currency: Currency,
}

/// The body of a daily limit.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DailyTransferBody {
    /// `null` is no limit, and has to be said.
    #[serde(deserialize_with = "Option::deserialize")]
    limit: Option<Amount>,
    currency: Currency,
}

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
