//! The route table of the accounts service, and nothing else.

mod accounts;
pub(crate) mod openapi;
pub(crate) mod trials;

use axum::Router;
use axum::routing::post;

use crate::application::Application;

pub(crate) fn routes(application: Application) -> Router {
    Router::new()
        .route("/v1/accounts", post(accounts::open))
        .route("/v1/accounts/{id}/deposits", post(accounts::deposits::deposit))
        .route("/v1/accounts/{id}/withdrawals", post(accounts::withdrawals::withdraw))
        .route("/v1/accounts/{id}/holds", post(accounts::holds::place))
        .route("/v1/accounts/{id}/holds/{holdId}/capture", post(accounts::holds::capture))
        .route("/v1/accounts/{id}/holds/{holdId}/void", post(accounts::holds::void))
        .route("/v1/accounts/{id}/overdraft-limit", post(accounts::limits::set_overdraft))
        .route("/v1/accounts/{id}/daily-transfer-limit", post(accounts::limits::set_daily_transfer))
        .route("/v1/accounts/{id}/freeze", post(accounts::standing::freeze))
        .route("/v1/accounts/{id}/unfreeze", post(accounts::standing::unfreeze))
        .route("/v1/accounts/{id}/close", post(accounts::standing::close))
        .with_state(application)
}
