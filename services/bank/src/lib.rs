//! The whole bank in one process: the libraries of the five services behind one port, and the tools that read
//! their stores.

mod audit;
mod browser;
mod cli;
pub mod config;
pub mod demo;
pub mod documents;
pub mod history;
mod outboxes;
pub mod parts;
mod redrive;
pub mod token;
pub mod verify;

use std::sync::Arc;

use event_store::{Clock, SystemClock};
use service_kit::http::jwks_route;
use service_kit::settings::KeysFrom;
use service_kit::{App, Tasks};
use transfers::trials::LocalTrials;

pub use cli::run;

use crate::config::Config;
use crate::parts::Parts;

/// Opens what the settings name, and builds the bank on it.
///
/// # Errors
/// When a store cannot be opened or a service cannot start.
pub async fn start(config: Config, tasks: Tasks) -> anyhow::Result<App> {
    let parts = Parts::open(&config).await?;
    build(&config, &parts, Arc::new(SystemClock), &tasks).await
}

/// Builds the five services on `parts`, as their own processes would: all routes behind one port.
///
/// # Errors
/// When a service cannot start.
pub async fn build(
    config: &Config,
    parts: &Parts,
    clock: Arc<dyn Clock>,
    tasks: &Tasks,
) -> anyhow::Result<App> {
    // One verifier for all, so that they see the same keys.
    let settings = config.tokens();
    let keys = match settings.keys {
        KeysFrom::Folder(_) => Some(settings.signing_keys(clock.now())?),
        _ => None,
    };
    let tokens = match &keys {
        Some(keys) => settings.verifier_with(keys.clone()),
        None => settings.verifier(clock.now())?,
    };
    let side = parts.accounts_side();
    let deps =
        accounts::Deps { side, tokens: tokens.clone(), clock: Arc::clone(&clock), tasks: tasks.clone() };
    let accounts = accounts::build(&config.accounts(), deps).await?.app;
    let side = parts.transfers_side();
    let trials = LocalTrials::new(Arc::clone(&parts.accounts_store), Arc::clone(&clock));
    let deps = transfers::Deps {
        side,
        tokens: tokens.clone(),
        trials: Arc::new(trials),
        cursors: parts.cursors(),
        clock: Arc::clone(&clock),
        tasks: tasks.clone(),
    };
    let transfers = transfers::build(&config.transfers(), deps).await?.app;
    let history =
        account_history::build(&config.account_history(), parts.history_deps(tokens.clone(), tasks))
            .await?
            .app;
    let deps = parts.webhooks_deps(tokens.clone(), Arc::clone(&clock), tasks);
    let webhooks = webhooks::build(&config.webhooks(), deps).await?.app;
    let health = accounts
        .health
        .include("transfers", transfers.health)
        .include("account-history", history.health)
        .include("webhooks", webhooks.health);
    let router = accounts.router.merge(transfers.router).merge(history.router).merge(webhooks.router);
    let router = router.merge(documents::routes(keys.is_some())?);
    // Where tokens come from elsewhere, so do customers.
    let Some(keys) = keys else {
        return Ok(App { router, health }.audited(parts.audit.clone()));
    };
    let deps = customers::Deps {
        side: parts.customers_side(),
        vault: parts.vault.clone(),
        tokens,
        issuer: settings.issuer(keys.clone())?,
        clock,
        tasks: tasks.clone(),
    };
    let customers = customers::build(&config.customers(), deps).await?.app;
    let app = App {
        router: router.merge(customers.router).merge(jwks_route(keys)),
        health: health.include("customers", customers.health),
    };
    Ok(app.audited(parts.audit.clone()))
}
