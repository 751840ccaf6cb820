//! `GET /v1/accounts/{id}/transfers`: every transfer from or to an account, the newest first.

use axum::extract::State;
use axum::http::Uri;
use domain::ids::AccountId;
use service_kit::http::{Page, Problem, SignedIn, ValidPath, ValidQuery};

use super::super::openapi::TAG;
use super::entries::PageQuery;
use crate::application::Application;
use crate::view::TransferView;

/// Every transfer from or to an account, the newest first
#[utoipa::path(
    get,
    path = "/v1/accounts/{id}/transfers",
    operation_id = "listTransfers",
    tag = TAG,
    params(("id" = AccountId, Path, description = "The account"), PageQuery),
    responses(
        (status = 200, description = "One page of transfers", body = Page<TransferView>),
        (status = 404, description = "account-not-found"),
    ),
)]
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
