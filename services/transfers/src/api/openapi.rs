//! What the service says about itself.

use service_kit::openapi::complete;
use utoipa::openapi::OpenApi;

use super::bulk_transfers::{self, one as one_bulk};
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
    )
)]
struct Handlers;

/// The routes under `/v1/transfers` and `/v1/bulk-transfers`, as an OpenAPI document.
#[must_use]
pub fn openapi() -> OpenApi {
    complete::<Handlers>()
}
