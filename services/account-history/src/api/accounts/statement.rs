//! `GET /v1/accounts/{id}/statement`: a period of an account as JSON, as CSV, or as a page to print.

mod money;
mod page;
mod table;

use axum::Json;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, HeaderValue};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use domain::ids::AccountId;
use domain::money::{Balance, Currency};
use domain::text::Title;
use serde::{Deserialize, Serialize};
use service_kit::http::{Prefer, Problem, SignedIn, ValidPath, ValidQuery};
use utoipa::ToSchema;

use super::super::openapi::TAG;
use super::freshness::{VersionParameter, tell_applied};
use crate::application::{Application, Period, Statement};
use crate::view::EntryView;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StatementQuery {
    /// The first day, in UTC.
    from: NaiveDate,
    /// The last day, in UTC.
    to: NaiveDate,
    /// How it is shown.
    #[serde(default)]
    #[param(inline)]
    format: Format,
    /// The view must have seen so many events of the account.
    #[serde(default)]
    #[param(value_type = i64, minimum = 0, default = 0)]
    min_version: VersionParameter,
}

/// How it is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Json,
    Csv,
    Html,
}

/// The statement as JSON: amounts in minor units, as everywhere.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Statement)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatementDocument {
    account_id: AccountId,
    title: Title,
    currency: Currency,
    from: NaiveDate,
    to: NaiveDate,
    opening_balance: Balance,
    closing_balance: Balance,
    entries: Vec<EntryView>,
}

/// What happened to an account in a period
///
/// What it held before, every change, and what it held after; as JSON, as CSV, or as a page to print.
#[utoipa::path(
    get,
    path = "/v1/accounts/{id}/statement",
    operation_id = "readStatement",
    tag = TAG,
    params(("id" = AccountId, Path, description = "The account"), Prefer, StatementQuery),
    responses(
        (status = 200, description = "The statement", content(
            (StatementDocument = "application/json"),
            (String = "text/csv"),
            (String = "text/html"),
        )),
        (status = 404, description = "account-not-found"),
        (status = 412, description = "view-out-of-date"),
        (status = 422, description = "statement-too-long"),
    ),
)]
pub(crate) async fn read(
    State(application): State<Application>,
    SignedIn(caller): SignedIn,
    prefer: Prefer,
    ValidPath(id): ValidPath<AccountId>,
    ValidQuery(query): ValidQuery<StatementQuery>,
) -> Result<Response, Problem> {
    let period = Period::new(query.from, query.to)
        .ok_or_else(|| Problem::invalid_query("`from` and `to` are the first and the last day, in this order and in the years from 1970 to 9999"))?;
    let min_version = query.min_version.0;
    let account =
        application.account(&caller.actor(), id, min_version, prefer.wait.unwrap_or_default()).await?;
    let statement = application.statement(account, period).await?;
    let response = match query.format {
        Format::Json => Json(StatementDocument::from(statement)).into_response(),
        Format::Csv => table::csv(&statement).map_err(|error| Problem::internal(&error))?,
        Format::Html => page::html(&statement).map_err(|error| Problem::internal(&error))?,
    };
    Ok(tell_applied(response, prefer, min_version))
}

impl From<Statement> for StatementDocument {
    fn from(statement: Statement) -> Self {
        Self {
            account_id: statement.account.id,
            title: statement.account.title,
            currency: statement.account.currency,
            from: statement.period.from,
            to: statement.period.to,
            opening_balance: statement.opening,
            closing_balance: statement.closing,
            entries: statement.entries,
        }
    }
}

/// What a browser calls the file that it saves.
fn file_name(statement: &Statement, kind: &str) -> (axum::http::HeaderName, HeaderValue) {
    let Period { from, to } = statement.period;
    let name = format!("inline; filename=\"statement-{}-{from}-{to}.{kind}\"", statement.account.id);
    (CONTENT_DISPOSITION, HeaderValue::try_from(name).unwrap_or_else(|_| HeaderValue::from_static("inline")))
}
