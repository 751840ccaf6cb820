//! `GET /v1/accounts/{id}/entries`: every change of an account's balance, the newest first.

use axum::Json;
use axum::extract::State;
use domain::ids::AccountId;
use serde::Deserialize;
use service_kit::http::{Cursor, Limit, Problem, SignedIn, ValidPath, ValidQuery};

use super::super::page::{Page, and_one};
use crate::application::Application;
use crate::view::EntryView;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageQuery {
    pub(super) cursor: Option<Cursor>,
    #[serde(default)]
    pub(super) limit: Limit,
}

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
