//! What the service says about itself.

use service_kit::openapi::complete;
use utoipa::openapi::OpenApi;

use super::bulk_transfers::{self, one as one_bulk};
use super::transfer_orders::{self, cancel as order_cancel, list as order_list, one as order_one};
use super::transfers::{self, cancel, one, reverse};

/// The heading of the routes in a joined document.
pub(super) const TAG: &str = "transfers";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "transfers"),
    tags((name = TAG, description = "Moving money between accounts")),
    paths(
        transfers::create,
        bulk_transfers::create,
        one_bulk::read,
        one::read,
        cancel::cancel,
        reverse::reverse,
        transfer_orders::place,
        order_list::list,
        order_one::read,
        order_cancel::cancel
    )
)]
struct Handlers;

/// The routes of transfers, of bulks of them and of orders for them, as an OpenAPI document.
#[must_use]
pub fn openapi() -> OpenApi {
    complete::<Handlers>()
}
