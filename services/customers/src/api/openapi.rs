//! What the service says about itself.

use service_kit::openapi::complete;
use utoipa::openapi::OpenApi;

use super::{customers, keys, payees, sessions};

/// The heading of the routes in a joined document.
pub(super) const TAG: &str = "customers";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "customers"),
    tags((name = TAG, description = "Becoming a customer, signing in, and whom a customer pays")),
    paths(
        customers::register,
        customers::profile,
        customers::change_profile,
        customers::erase,
        customers::erase_other,
        customers::change_password,
        payees::list,
        payees::find,
        payees::save,
        payees::remove,
        sessions::sign_in,
        sessions::refresh,
        sessions::sign_out,
        keys::key_set,
    )
)]
struct Handlers;

/// The routes under `/v1/customers` and `/v1/sessions`, and that of the public keys, as an OpenAPI document.
#[must_use]
pub fn openapi() -> OpenApi {
    complete::<Handlers>()
}
