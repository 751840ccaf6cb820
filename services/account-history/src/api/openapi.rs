//! What the service says about itself.

use service_kit::openapi::complete;
use utoipa::openapi::OpenApi;

use super::accounts::{self, balance, curve, entries, one, statement, transfers};

/// The heading of the routes in a joined document: that of the service whose accounts these are views of.
pub(super) const TAG: &str = "accounts";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "account-history"),
    paths(
        accounts::list,
        one::read,
        balance::read,
        curve::read,
        entries::list,
        statement::read,
        transfers::list,
    )
)]
struct Handlers;

/// The routes under `/v1/accounts` that read, as an OpenAPI document.
#[must_use]
pub fn openapi() -> OpenApi {
    complete::<Handlers>()
}
