//! What the service says about itself.

use service_kit::openapi::complete;
use utoipa::openapi::OpenApi;

use super::accounts::{self, deposits, holds, limits, standing, withdrawals};

/// The heading of the routes in a joined document.
pub(super) const TAG: &str = "accounts";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "accounts"),
    tags((name = TAG, description = "Opening accounts, moving money in and out of them, and reading them")),
    paths(
        accounts::open,
        deposits::deposit,
        withdrawals::withdraw,
        standing::freeze,
        standing::unfreeze,
        standing::close,
        holds::place,
        holds::capture,
        holds::void,
        limits::set_overdraft,
        limits::set_daily_transfer,
    )
)]
struct Handlers;

/// The routes under `/v1/accounts` that change something, as an OpenAPI document.
#[must_use]
pub fn openapi() -> OpenApi {
    complete::<Handlers>()
}
