//! `GET /v1/accounts/{id}/transfers`: every transfer from or to an account, the newest first.

use axum::Json;
use axum::extract::State;
use domain::ids::AccountId;
use service_kit::http::{Problem, SignedIn, ValidPath, ValidQuery};

use super::super::page::{Page, and_one};
use super::entries::PageQuery;
use crate::application::Application;
use crate::view::TransferView;

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
