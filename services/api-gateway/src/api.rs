//! The route table of the whole bank, and nothing else: which service answers what.

use axum::Router;
use axum::routing::{MethodRouter, get, post};

use crate::proxy::{Upstream, forward};

pub(crate) fn routes(accounts: &Upstream, transfers: &Upstream, account_history: &Upstream) -> Router {
    Router::new()
        .route("/v1/accounts", reads(account_history).merge(writes(accounts)))
        .route("/v1/accounts/{id}", reads(account_history))
        .route("/v1/accounts/{id}/entries", reads(account_history))
        .route("/v1/accounts/{id}/transfers", reads(account_history))
        .route("/v1/accounts/{id}/deposits", writes(accounts))
        .route("/v1/accounts/{id}/withdrawals", writes(accounts))
        .route("/v1/accounts/{id}/freeze", writes(accounts))
        .route("/v1/accounts/{id}/unfreeze", writes(accounts))
        .route("/v1/accounts/{id}/close", writes(accounts))
        .route("/v1/transfers", writes(transfers))
        .route("/v1/transfers/{id}", reads(transfers))
        .route("/v1/transfers/{id}/cancel", writes(transfers))
        .route("/v1/transfers/{id}/reverse", writes(transfers))
}

fn reads(upstream: &Upstream) -> MethodRouter {
    get(forward).with_state(upstream.clone())
}

fn writes(upstream: &Upstream) -> MethodRouter {
    post(forward).with_state(upstream.clone())
}
