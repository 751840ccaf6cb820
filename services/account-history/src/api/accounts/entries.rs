//! `GET /v1/accounts/{id}/entries`: every change of an account's balance, the newest first.

use axum::Json;
use axum::extract::State;
use domain::ids::AccountId;
use serde::Deserialize;
use service_kit::http::{Cursor, Limit, Problem, SignedIn, ValidPath, ValidQuery};

use super::super::openapi::TAG;
use super::super::page::{Page, and_one};
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
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<Json<Page<EntryView>>, Problem> {
    let before = query.cursor.map(|cursor| cursor.decode()).transpose()?;
    let entries = application.entries(&caller.actor(), id, before, and_one(query.limit)).await?;
    Page::of(entries, query.limit, |entry| entry.version).map(Json)
}
