//! The route table of the whole bank, and nothing else: which service answers what.

use axum::Router;
use axum::routing::{MethodRouter, delete, get, patch, post, put};

use crate::proxy::{Upstream, forward};

/// The services behind the gateway.
pub(crate) struct Services {
    pub(crate) accounts: Upstream,
    pub(crate) transfers: Upstream,
    pub(crate) account_history: Upstream,
    pub(crate) customers: Upstream,
    pub(crate) webhooks: Upstream,
}

impl Services {
    pub(crate) fn all(&self) -> [&Upstream; 5] {
        [&self.accounts, &self.transfers, &self.account_history, &self.webhooks, &self.customers]
    }
}

/// For whoever has not signed in yet.
pub(crate) fn public_routes(services: &Services) -> Router {
    let Services { customers, .. } = services;
    Router::new()
        .route("/.well-known/jwks.json", reads(customers))
        .route("/v1/customers", writes(customers))
        .route("/v1/sessions", writes(customers))
        .route("/v1/sessions/refresh", writes(customers))
}

pub(crate) fn routes(services: &Services) -> Router {
    let Services { accounts, transfers, account_history, customers, webhooks } = services;
    Router::new()
        .route("/v1/accounts", reads(account_history).merge(writes(accounts)))
        .route("/v1/accounts/{id}", reads(account_history))
        .route("/v1/accounts/{id}/balance", reads(account_history))
        .route("/v1/accounts/{id}/balance-curve", reads(account_history))
        .route("/v1/accounts/{id}/entries", reads(account_history))
        .route("/v1/accounts/{id}/statement", reads(account_history))
        .route("/v1/accounts/{id}/transfers", reads(account_history))
        .route("/v1/accounts/{id}/deposits", writes(accounts))
        .route("/v1/accounts/{id}/withdrawals", writes(accounts))
        .route("/v1/accounts/{id}/holds", writes(accounts))
        .route("/v1/accounts/{id}/holds/{holdId}/capture", writes(accounts))
        .route("/v1/accounts/{id}/holds/{holdId}/void", writes(accounts))
        .route("/v1/accounts/{id}/overdraft-limit", writes(accounts))
        .route("/v1/accounts/{id}/daily-transfer-limit", writes(accounts))
        .route("/v1/accounts/{id}/freeze", writes(accounts))
        .route("/v1/accounts/{id}/unfreeze", writes(accounts))
        .route("/v1/accounts/{id}/close", writes(accounts))
        .route("/v1/transfers", writes(transfers))
        .route("/v1/bulk-transfers", writes(transfers))
        .route("/v1/bulk-transfers/{id}", reads(transfers))
        .route("/v1/transfers/{id}", reads(transfers))
        .route("/v1/transfers/{id}/cancel", writes(transfers))
        .route("/v1/transfers/{id}/reverse", writes(transfers))
        .route("/v1/transfer-orders", reads(transfers).merge(writes(transfers)))
        .route("/v1/transfer-orders/{id}", reads(transfers))
        .route("/v1/transfer-orders/{id}/cancel", writes(transfers))
        .route("/v1/customers/me", reads(customers).merge(changes(customers)).merge(removes(customers)))
        .route("/v1/customers/me/password", replaces(customers))
        .route("/v1/customers/me/payees", reads(customers).merge(writes(customers)))
        .route("/v1/customers/me/payees/find", writes(customers))
        .route("/v1/customers/me/payees/{id}", removes(customers))
        .route("/v1/customers/{id}", removes(customers))
        .route("/v1/sessions/current", removes(customers))
        .route("/v1/webhooks", reads(webhooks).merge(writes(webhooks)))
        .route("/v1/webhooks/{id}", reads(webhooks).merge(changes(webhooks)).merge(removes(webhooks)))
        .route("/v1/webhooks/{id}/rotate-secret", writes(webhooks))
        .route("/v1/webhooks/{id}/test", writes(webhooks))
        .route("/v1/webhooks/{id}/deliveries", reads(webhooks))
        .route("/v1/webhooks/{id}/deliveries/{deliveryId}/redeliver", writes(webhooks))
}

fn reads(upstream: &Upstream) -> MethodRouter {
    get(forward).with_state(upstream.clone())
}

fn writes(upstream: &Upstream) -> MethodRouter {
    post(forward).with_state(upstream.clone())
}

fn changes(upstream: &Upstream) -> MethodRouter {
    patch(forward).with_state(upstream.clone())
}

fn replaces(upstream: &Upstream) -> MethodRouter {
    put(forward).with_state(upstream.clone())
}

fn removes(upstream: &Upstream) -> MethodRouter {
    delete(forward).with_state(upstream.clone())
}
