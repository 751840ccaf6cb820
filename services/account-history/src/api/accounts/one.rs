//! `GET /v1/accounts/{id}`: the account's document, as new as the client needs it, or as it was.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::ids::AccountId;
use serde::Deserialize;
use service_kit::http::{Prefer, Problem, SignedIn, ValidPath, ValidQuery, with_version};
use utoipa::openapi::schema::{AnyOfBuilder, Schema, SchemaType};
use utoipa::openapi::{KnownFormat, ObjectBuilder, SchemaFormat, Type};

use super::super::openapi::TAG;
use super::freshness::{VersionParameter, tell_applied};
use crate::application::Application;
use crate::store::At;
use crate::view::AccountView;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ReadQuery {
    /// The view must have seen so many events of the account.
    #[serde(default)]
    #[param(value_type = i64, minimum = 0, default = 0)]
    min_version: VersionParameter,
    /// Which past to read.
    #[param(schema_with = at_schema, required = false)]
    at: Option<AtParameter>,
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

fn at_schema() -> Schema {
    let text = || ObjectBuilder::new().schema_type(SchemaType::Type(Type::String));
    let time = SchemaFormat::KnownFormat(KnownFormat::DateTime);
    let version = text().pattern(Some("^[0-9]{1,18}$"));
    let about = "Which past to read: a version, such as 7, or a time, such as 2026-01-31T12:00:00Z.";
    Schema::AnyOf(
        AnyOfBuilder::new().description(Some(about)).item(version).item(text().format(Some(time))).build(),
    )
}

/// A version or a time.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct AtParameter(At);

impl TryFrom<String> for AtParameter {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let explain = "`at` is a version, such as 7, or a time, such as 2026-01-31T12:00:00Z";
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let number: u64 = text.parse().map_err(|_| explain)?;
            let VersionParameter(version) = number.try_into()?;
            return Ok(Self(At::Version(version)));
        }
        let time = DateTime::parse_from_rfc3339(&text).map_err(|_| explain)?;
        Ok(Self(At::Time(time.with_timezone(&Utc))))
    }
}
