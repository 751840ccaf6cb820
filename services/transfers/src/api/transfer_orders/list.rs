//! `GET /v1/transfer-orders`: the caller's orders; to an operator those of any customer.
//!
//! The store lists streams by the owner in their first event, within the transaction that appends it, so that an order is
//! in the list as soon as it was answered for, and is shown as it is now.

use axum::extract::State;
use axum::http::Uri;
use domain::text::{Actor, CustomerId};
use serde::Deserialize;
use service_kit::http::{Cursor, Limit, Page, Problem, SignedIn, ValidQuery};
use uuid::Uuid;

use super::super::openapi::TAG;
use super::document::OrderSummary;
use crate::application::Application;
use crate::error::read_order_problem;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListQuery {
    /// Whose orders; only an operator names somebody else.
    customer_id: Option<CustomerId>,
    cursor: Option<Cursor>,
    #[serde(default)]
    limit: Limit,
}

/// The orders of the caller, the youngest first; to an operator those of any customer
#[utoipa::path(
    get,
    path = "/v1/transfer-orders",
    operation_id = "listTransferOrders",
    tag = TAG,
    params(ListQuery),
    responses(
        (status = 200, description = "One page of orders", body = Page<OrderSummary>),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn list(
    State(application): State<Application>,
    SignedIn(caller): SignedIn,
    uri: Uri,
    ValidQuery(query): ValidQuery<ListQuery>,
) -> Result<Page<OrderSummary>, Problem> {
    let cursors = &application.cursors;
    let before: Option<Uuid> = query.cursor.map(|cursor| cursor.decode(cursors, uri.path())).transpose()?;
    let caller = caller.actor();
    let owner = query.customer_id.map_or_else(|| caller.clone(), Actor::from);
    if owner != caller && !caller.is_operator() {
        return Err(Problem::forbidden("only an operator lists the orders of somebody else"));
    }
    let one_more = query.limit.get().saturating_add(1);
    let orders = application.orders_of(&owner, before, one_more).await.map_err(read_order_problem)?;
    let items: Vec<OrderSummary> = orders.iter().filter_map(OrderSummary::of).collect();
    Page::of(items, query.limit, cursors, &uri, |order| order.id)
}
