//! `GET /v1/accounts/{id}/transfers`: every transfer from or to an account, the newest first.

use axum::extract::State;
use axum::http::Uri;
use domain::ids::AccountId;
use service_kit::http::{Page, Problem, SignedIn, ValidPath, ValidQuery};

use super::entries::PageQuery;
use crate::application::Application;
use crate::view::TransferView;

pub(crate) async fn list(
    State(application): State<Application>,
    SignedIn(caller): SignedIn,
    ValidPath(id): ValidPath<AccountId>,
    uri: Uri,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<Page<TransferView>, Problem> {
    let cursors = &application.cursors;
    let after = query.cursor.map(|cursor| cursor.decode(cursors, uri.path())).transpose()?;
    let transfers = application.transfers(&caller.actor(), id, after, query.limit.and_one()).await?;
    Page::of(transfers, query.limit, cursors, &uri, TransferView::order)
}
