//! What the service says about itself.

use service_kit::openapi::complete;
use utoipa::openapi::OpenApi;

use super::{deliveries, webhooks};

/// The heading of the routes in a joined document.
pub(super) const TAG: &str = "webhooks";

/// What a receiver has to know.
const ABOUT: &str = "Hearing of events as they happen. Each is sent as a POST with a CloudEvents 1.0 document in JSON, \
signed as in Standard Webhooks: `webhook-id`, `webhook-timestamp` and `webhook-signature`, which is `v1,` and the base64 \
of HMAC-SHA-256 over `ID.TIMESTAMP.BODY` under the webhook's secret. Answer 200 to 299 within the time limit. An event may \
come more than once, under the same `webhook-id`, and in any order; `subject` and `sequence` say which one of whose it is.";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "webhooks"),
    tags((name = TAG, description = ABOUT)),
    paths(
        webhooks::list,
        webhooks::create,
        webhooks::read,
        webhooks::change,
        webhooks::remove,
        webhooks::rotate_secret,
        deliveries::test,
        deliveries::list,
        deliveries::redeliver,
    )
)]
struct Handlers;

/// The routes under `/v1/webhooks`, as an OpenAPI document.
#[must_use]
pub fn openapi() -> OpenApi {
    complete::<Handlers>()
}
