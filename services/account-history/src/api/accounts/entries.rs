//! `GET /v1/accounts/{id}/entries`: every change of an account's balance, the newest first; as it is, or as it was.

use axum::extract::State;
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use domain::ids::AccountId;
use serde::Deserialize;
use service_kit::http::{Cursor, Limit, Page, Prefer, Problem, SignedIn, ValidPath, ValidQuery};

use super::super::openapi::TAG;
use super::at::{AtParameter, at_schema};
use super::freshness::{VersionParameter, tell_applied};
use crate::application::Application;
use crate::view::EntryView;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageQuery {
    pub(super) cursor: Option<Cursor>,
    #[serde(default)]
    pub(super) limit: Limit,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct EntriesQuery {
    cursor: Option<Cursor>,
    #[serde(default)]
    limit: Limit,
    /// The view must have seen so many events of the account.
    #[serde(default)]
    #[param(value_type = i64, minimum = 0, default = 0)]
    min_version: VersionParameter,
    /// Which past to read: the list has only what had happened by then.
    #[param(schema_with = at_schema, required = false)]
    at: Option<AtParameter>,
}

/// Every change of a balance, the newest first; as it is, or as it was
#[utoipa::path(
    get,
    path = "/v1/accounts/{id}/entries",
    operation_id = "listEntries",
    tag = TAG,
    params(("id" = AccountId, Path, description = "The account"), Prefer, EntriesQuery),
    responses(
        (status = 200, description = "One page of entries", body = Page<EntryView>),
        (status = 404, description = "account-not-found"),
        (status = 412, description = "view-out-of-date"),
    ),
)]
pub(crate) async fn list(
    State(application): State<Application>,
    SignedIn(caller): SignedIn,
    prefer: Prefer,
    ValidPath(id): ValidPath<AccountId>,
    uri: Uri,
    ValidQuery(query): ValidQuery<EntriesQuery>,
) -> Result<Response, Problem> {
    let cursors = &application.cursors;
    let before = query.cursor.map(|cursor| cursor.decode(cursors, uri.path())).transpose()?;
    let min_version = query.min_version.0;
    let account =
        application.account(&caller.actor(), id, min_version, prefer.wait.unwrap_or_default()).await?;
    let at = query.at.map(|AtParameter(at)| at);
    let entries = application.entries(&account, at, before, query.limit.and_one()).await?;
    let page = Page::of(entries, query.limit, cursors, &uri, EntryView::place)?;
    Ok(tell_applied(page.into_response(), prefer, min_version))
}
