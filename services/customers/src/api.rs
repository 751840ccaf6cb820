//! The route table of the customers service, and nothing else.

mod customers;
mod keys;
pub(crate) mod openapi;
mod payees;
mod secrets;
mod sessions;

use axum::Router;
use axum::routing::{delete, get, post, put};

use crate::application::Application;

/// For whoever has not signed in yet.
pub(crate) fn public_routes(application: Application) -> Router {
    Router::new()
        .route("/v1/customers", post(customers::register))
        .route("/v1/sessions", post(sessions::sign_in))
        .route("/v1/sessions/refresh", post(sessions::refresh))
        .with_state(application)
}

pub(crate) fn routes(application: Application) -> Router {
    Router::new()
        .route("/v1/sessions/current", delete(sessions::sign_out))
        .route(
            "/v1/customers/me",
            get(customers::profile).patch(customers::change_profile).delete(customers::erase),
        )
        .route("/v1/customers/me/password", put(customers::change_password))
        .route("/v1/customers/me/payees", get(payees::list).post(payees::save))
        .route("/v1/customers/me/payees/find", post(payees::find))
        .route("/v1/customers/me/payees/{id}", delete(payees::remove))
        .with_state(application)
}

/// For the bank's staff, who forget somebody on request.
pub(crate) fn operator_routes(application: Application) -> Router {
    Router::new().route("/v1/customers/{id}", delete(customers::erase_other)).with_state(application)
}
