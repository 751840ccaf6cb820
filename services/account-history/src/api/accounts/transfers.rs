//! `GET /v1/accounts/{id}/transfers`: every transfer from or to an account, the newest first.

use axum::Json;
use axum::extract::State;
use domain::ids::AccountId;
use service_kit::http::{Problem, SignedIn, ValidPath, ValidQuery};

use super::super::openapi::TAG;
use super::super::page::{Page, and_one};
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
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<Json<Page<TransferView>>, Problem> {
    let after = query.cursor.map(|cursor| cursor.decode()).transpose()?;
    let transfers = application.transfers(&caller.actor(), id, after, and_one(query.limit)).await?;
    Page::of(transfers, query.limit, TransferView::order).map(Json)
}
