//! The account-history service: the query side. It folds the events of accounts and transfers into views, and
//! answers every query from them.
//!
//! Invariant: a view is a function of the events ([`view`]), so it can be thrown away and built again
//! ([`rebuild`]). No decision is ever taken on one.

mod api;
mod application;
mod cli;
pub mod config;
mod error;
mod history;
pub mod owners;
pub mod projector;
pub mod rebuild;
pub mod store;
mod subscriptions;
pub mod view;

use std::sync::Arc;
use std::time::SystemTime;

use axum::Router;
use domain::Aggregate;
use domain::account::Account;
use domain::transfer::MoneyTransfer;
use futures::future::BoxFuture;
use messaging::{Bus, DeadLetters, StreamSource, topic_of};
use service_kit::backends::{Watched, bus_health, open_audit, open_bus};
use service_kit::health::Health;
use service_kit::http::{CursorKey, Guard};
use service_kit::identity::TokenVerifier;
use service_kit::openapi::document_route;
use service_kit::{About, App, Tasks};

pub use api::openapi::openapi;
pub use cli::main;
pub use config::{Config, Role};
pub use history::history;
pub use subscriptions::READS;

use crate::application::Application;
use crate::owners::HttpOwners;
use crate::store::{OpenedViews, Reader, ViewStore};

/// What the process is called, and its defaults.
pub const ABOUT: About = About {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    summary: "Folds the events of accounts and transfers into views, and answers every query from them.",
    defaults: config::DEFAULTS,
    example: None,
};

/// What the service stands on, chosen by whoever starts it.
#[derive(Clone)]
pub struct Deps {
    /// Where the views are kept.
    pub views: Arc<dyn ViewStore>,
    /// Where events come from.
    pub bus: Arc<dyn Bus>,
    /// Where events wait that cannot be folded.
    pub dead_letters: Arc<dyn DeadLetters>,
    /// Who lends events that the bus did not bring.
    pub owner: Arc<dyn StreamSource>,
    /// Who is believed.
    pub tokens: TokenVerifier,
    /// Signs where lists go on.
    pub cursors: CursorKey,
    /// Where background work runs; its shutdown ends the service.
    pub tasks: Tasks,
}

/// The running service, without its listener.
pub struct Service {
    /// The routes under `/v1/accounts`, and what `/readyz` asks.
    pub app: App,
    /// How the subscription that keeps the views is doing; `None` for a reader.
    pub subscription: Option<Watched>,
}

/// Opens what the settings name, and builds the service on it: a process of its own.
///
/// # Errors
/// When the views or the bus cannot be opened, or the service cannot start on them.
pub async fn start(config: Config, tasks: Tasks) -> anyhow::Result<App> {
    let OpenedViews { views, dead_letters } = open_views(&config).await?;
    let bus = open_bus("bus", &config.bus).await?;
    let owner = Arc::new(http_owners(&config)?);
    let tokens = config.tokens.verifier(SystemTime::now().into())?;
    let cursors = CursorKey::shared(&config.internal_secret)?;
    let audit = open_audit(&config.audit).await?;
    let deps = Deps { views, bus, dead_letters, owner, tokens, cursors, tasks };
    let App { router, health } = build(&config, deps).await?.app.audited(audit);
    Ok(App { router: router.merge(document_route(&openapi())?), health })
}

/// Makes the indexes and topics that the service needs, where they are missing.
///
/// # Errors
/// When the views, the audit log or the bus cannot be opened, or the bus refuses the topics.
pub async fn migrate(config: Config) -> anyhow::Result<()> {
    open_audit(&config.audit).await?.close().await;
    open_views(&config).await?.views.close().await;
    let bus = open_bus("bus", &config.bus).await?;
    let topics = [Account::TYPE, MoneyTransfer::TYPE].map(topic_of);
    bus.ensure_topics(&topics.each_ref().map(String::as_str)).await?;
    bus.close().await;
    Ok(())
}

/// Starts the subscription, unless this is a reader, and gives the routes, unless this is an updater.
///
/// # Errors
/// When the bus refuses to create the topics.
pub fn build(config: &Config, deps: Deps) -> BoxFuture<'_, anyhow::Result<Service>> {
    // Boxed: the body of an `async fn` is compiled again in every crate that awaits it.
    Box::pin(assemble(config, deps))
}

async fn assemble(config: &Config, deps: Deps) -> anyhow::Result<Service> {
    let mut health = views_health(&deps.views);
    let mut subscription = None;
    if config.role.updates() {
        let watched = subscriptions::subscribe(&config.subscription_id, &deps).await?;
        health = health.include("updater", bus_health(&deps.bus, &watched));
        subscription = Some(watched);
    }
    let router = match config.role.reads() {
        true => api::routes(Application { reader: Reader::new(deps.views), cursors: deps.cursors }),
        false => Router::new(),
    };
    Ok(Service { app: Guard::new(deps.tokens).signed_in(router).into_app(health), subscription })
}

async fn open_views(config: &Config) -> anyhow::Result<OpenedViews> {
    let opened = store::open(config.views.expose()).await;
    opened.map_err(|error| anyhow::anyhow!("setting `views` ({}): {error}", config.views))
}

fn http_owners(config: &Config) -> anyhow::Result<HttpOwners> {
    let urls =
        [(Account::TYPE, config.accounts_url.as_str()), (MoneyTransfer::TYPE, config.transfers_url.as_str())];
    Ok(HttpOwners::new(urls, config.internal_secret.clone())?)
}

fn views_health(views: &Arc<dyn ViewStore>) -> Health {
    let views = Arc::clone(views);
    Health::new().check("views", move || {
        let views = Arc::clone(&views);
        async move { views.ping().await }
    })
}
