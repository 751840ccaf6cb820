//! `GET /v1/accounts/{id}/entries`: every change of an account's balance, the newest first.

use axum::extract::State;
use axum::http::Uri;
use domain::ids::AccountId;
use serde::Deserialize;
use service_kit::http::{Cursor, Limit, Page, Problem, SignedIn, ValidPath, ValidQuery};

use super::super::openapi::TAG;
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

/// Every change of a balance, the newest first
#[utoipa::path(
    get,
    path = "/v1/accounts/{id}/entries",
    operation_id = "listEntries",
    tag = TAG,
    params(("id" = AccountId, Path, description = "The account"), PageQuery),
    responses(
        (status = 200, description = "One page of entries", body = Page<EntryView>),
        (status = 404, description = "account-not-found"),
    ),
)]
pub(crate) async fn list(
    State(application): State<Application>,
    SignedIn(caller): SignedIn,
    ValidPath(id): ValidPath<AccountId>,
    uri: Uri,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<Page<EntryView>, Problem> {
    let cursors = &application.cursors;
    let before = query.cursor.map(|cursor| cursor.decode(cursors, uri.path())).transpose()?;
    let entries = application.entries(&caller.actor(), id, before, query.limit.and_one()).await?;
    Page::of(entries, query.limit, cursors, &uri, EntryView::place)
}
