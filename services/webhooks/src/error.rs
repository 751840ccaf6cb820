//! How what was not done becomes an answer.

use axum::http::StatusCode;
use service_kit::http::Problem;

use crate::application::WebhookError;
use crate::store::StoreError;

impl From<WebhookError> for Problem {
    fn from(error: WebhookError) -> Self {
        let said = error.to_string();
        match error {
            WebhookError::Store(StoreError::Database(error)) => {
                tracing::warn!(%error, "the store of webhooks did not do what it was asked to");
                Self::overloaded(
                    "the store is unavailable; repeat the request under the same Idempotency-Key",
                )
            }
            WebhookError::Store(error) => Self::internal(&error),
            WebhookError::NoWebhook => Self::new(StatusCode::NOT_FOUND, "webhook-not-found", said),
            WebhookError::NoDelivery => Self::new(StatusCode::NOT_FOUND, "delivery-not-found", said),
            WebhookError::NoOwner => Self::new(StatusCode::NOT_FOUND, "customer-not-found", said),
            WebhookError::Disabled => Self::new(StatusCode::CONFLICT, "webhook-disabled", said),
            WebhookError::TooMany(_) => Self::new(StatusCode::CONFLICT, "too-many-webhooks", said),
            WebhookError::PlainHttp => Self::invalid_body("/url", said),
            WebhookError::KeyReused => Self::idempotency_key_reused(),
            WebhookError::OtherVersion(actual) => Self::version_mismatch(actual),
        }
    }
}
