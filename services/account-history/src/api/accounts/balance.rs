//! `GET /v1/accounts/{id}/balance`: what an account holds, or held.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::ids::AccountId;
use domain::money::{Balance, Currency};
use event_store::Version;
use serde::Serialize;
use service_kit::http::{Prefer, Problem, SignedIn, ValidPath, ValidQuery, with_version};
use service_kit::openapi::StreamVersion;
use utoipa::ToSchema;

use super::super::openapi::TAG;
use super::at::AtParameter;
use super::freshness::tell_applied;
use super::one::ReadQuery;
use crate::application::Application;

/// What an account holds, or held, in minor units of its currency.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccountBalance)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BalanceDocument {
    account_id: AccountId,
    balance: Balance,
    currency: Currency,
    /// What might leave the account.
    available: Balance,
    /// How many events of the account had happened.
    #[schema(value_type = StreamVersion)]
    version: Version,
    /// When the last of them did: since then it holds this.
    at: DateTime<Utc>,
}

/// What an account holds, or held
#[utoipa::path(
    get,
    path = "/v1/accounts/{id}/balance",
    operation_id = "readBalance",
    tag = TAG,
    params(("id" = AccountId, Path, description = "The account"), Prefer, ReadQuery),
    responses(
        (status = 200, description = "The balance", body = BalanceDocument, headers(("ETag" = String, description = "The account's version, as a strong tag"))),
        (status = 404, description = "account-not-found"),
        (status = 412, description = "view-out-of-date"),
    ),
)]
pub(crate) async fn read(
    State(application): State<Application>,
    SignedIn(caller): SignedIn,
    prefer: Prefer,
    ValidPath(id): ValidPath<AccountId>,
    ValidQuery(query): ValidQuery<ReadQuery>,
) -> Result<Response, Problem> {
    let min_version = query.min_version.0;
    let account =
        application.account(&caller.actor(), id, min_version, prefer.wait.unwrap_or_default()).await?;
    let then = application.balance(&account, query.at.map(|AtParameter(at)| at)).await?;
    let document = BalanceDocument {
        account_id: id,
        balance: then.balance,
        currency: account.currency,
        available: then.available,
        version: then.version,
        at: then.at,
    };
    let response = with_version(then.version.0, Json(document)).into_response();
    Ok(tell_applied(response, prefer, min_version))
}
