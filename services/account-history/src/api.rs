//! The route table of the account-history service, and nothing else.

mod accounts;
pub(crate) mod openapi;

use axum::Router;
use axum::routing::get;

use crate::application::Application;

pub(crate) fn routes(application: Application) -> Router {
    Router::new()
        .route("/v1/accounts", get(accounts::list))
        .route("/v1/accounts/{id}", get(accounts::one::read))
        .route("/v1/accounts/{id}/balance", get(accounts::balance::read))
        .route("/v1/accounts/{id}/balance-curve", get(accounts::curve::read))
        .route("/v1/accounts/{id}/entries", get(accounts::entries::list))
        .route("/v1/accounts/{id}/statement", get(accounts::statement::read))
        .route("/v1/accounts/{id}/transfers", get(accounts::transfers::list))
        .with_state(application)
}
