//! `GET /v1/accounts/{id}`: the account's document, as new as the client needs it, or as it was.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::ids::AccountId;
use serde::Deserialize;
use service_kit::http::{Prefer, Problem, SignedIn, ValidPath, ValidQuery, with_version};

use super::super::openapi::TAG;
use super::at::{AtParameter, at_schema};
use super::freshness::{VersionParameter, tell_applied};
use crate::application::Application;
use crate::view::AccountView;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ReadQuery {
    /// The view must have seen so many events of the account.
    #[serde(default)]
    #[param(value_type = i64, minimum = 0, default = 0)]
    pub(super) min_version: VersionParameter,
    /// Which past to read.
    #[param(schema_with = at_schema, required = false)]
    pub(super) at: Option<AtParameter>,
}

/// An account, as new as the caller needs it, or as it was
#[utoipa::path(
    get,
    path = "/v1/accounts/{id}",
    operation_id = "readAccount",
    tag = TAG,
    params(("id" = AccountId, Path, description = "The account"), Prefer, ReadQuery),
    responses(
        (status = 200, description = "The account", body = AccountView, headers(("ETag" = String, description = "Its version, as a strong tag"))),
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
    let mut account =
        application.account(&caller.actor(), id, min_version, prefer.wait.unwrap_or_default()).await?;
    if let Some(AtParameter(at)) = query.at {
        account = application.account_at(account, at).await?;
    }
    let response = with_version(account.version.0, Json(account)).into_response();
    Ok(tell_applied(response, prefer, min_version))
}
