//! The webhooks service: tells customers' own servers what happens to their accounts and transfers.
//!
//! Invariant: every event that a webhook is to hear of is on disk as a delivery before its offset is stored, and is sent
//! until the receiver has taken it or its attempts are over: at least once, under one id, in no promised order.

mod api;
mod application;
mod audience;
pub mod config;
mod dispatcher;
mod endpoint;
mod error;
mod filter;
mod history;
mod housekeeping;
mod listener;
mod message;
mod owner;
mod schedule;
mod secrets;
mod sender;
mod signature;
mod store;
mod subscriptions;
#[cfg(test)]
mod testing;

use std::sync::Arc;

use event_store::{Clock, SystemClock};
use futures::future::BoxFuture;
use messaging::{Bus, DeadLetters};
use sealing::SealingKey;
use service_kit::backends::{Watched, bus_health, open_audit, open_bus, open_dead_letters};
use service_kit::http::{CursorKey, Guard};
use service_kit::identity::TokenVerifier;
use service_kit::openapi::document_route;
use service_kit::{About, App, Tasks};
use tokio::sync::Notify;

pub use api::openapi::openapi;
pub use config::Config;
pub use dispatcher::AFTER_POST;
pub use history::history;
pub use store::{Told, WebhookStore};

use crate::application::Application;
use crate::dispatcher::Dispatcher;
use crate::sender::Sender;

/// What the process is called, and its defaults.
pub const ABOUT: About = About {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    summary: "Tells customers' own servers what happens to their accounts and transfers.",
    defaults: config::DEFAULTS,
    example: None,
};

/// What the service stands on, chosen by whoever starts it.
#[derive(Clone)]
pub struct Deps {
    /// Webhooks and what they are sent.
    pub store: WebhookStore,
    /// Where events come from.
    pub bus: Arc<dyn Bus>,
    /// Where events wait that cannot be read.
    pub dead_letters: Arc<dyn DeadLetters>,
    /// Seals the signing secrets in the store.
    pub sealing: SealingKey,
    /// Who is believed.
    pub tokens: TokenVerifier,
    /// Signs where lists go on.
    pub cursors: CursorKey,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Where background work runs; its shutdown ends the service.
    pub tasks: Tasks,
}

/// The running service, without its listener.
pub struct Service {
    /// The routes under `/v1/webhooks`, and what `/readyz` asks.
    pub app: App,
    /// The reader of events.
    pub subscription: Watched,
}

/// Opens what the settings name, and builds the service on it: a process of its own.
///
/// # Errors
/// When the store or the bus cannot be opened, or the service cannot start on them.
pub async fn start(config: Config, tasks: Tasks) -> anyhow::Result<App> {
    let secret = config.sealing_secret()?;
    let sealing = sealing_key(secret)?;
    let cursors = CursorKey::derived_from(secret);
    let store = WebhookStore::open("store", &config.store).await?;
    let bus = open_bus("bus", &config.bus).await?;
    let dead_letters = open_dead_letters(&config.store).await?;
    let clock = Arc::new(SystemClock);
    let tokens = config.tokens.verifier(clock.now())?;
    let audit = open_audit(&config.audit).await?;
    let deps = Deps { store, bus, dead_letters, sealing, tokens, cursors, clock, tasks };
    let App { router, health } = build(&config, deps).await?.app.audited(audit);
    Ok(App { router: router.merge(document_route(&openapi())?), health })
}

/// Makes the tables and topics that the service needs, where they are missing.
///
/// # Errors
/// When the store, the audit log or the bus cannot be opened, or the bus refuses the topics.
pub async fn migrate(config: Config) -> anyhow::Result<()> {
    open_audit(&config.audit).await?.close().await;
    WebhookStore::open("store", &config.store).await?.close().await;
    open_dead_letters(&config.store).await?;
    let bus = open_bus("bus", &config.bus).await?;
    let topics = subscriptions::topics();
    bus.ensure_topics(&topics.iter().map(String::as_str).collect::<Vec<_>>()).await?;
    bus.close().await;
    Ok(())
}

/// The key under which signing secrets are sealed that follows from a secret of the bank.
///
/// # Errors
/// When the system cannot derive one.
pub fn sealing_key(secret: &[u8]) -> anyhow::Result<SealingKey> {
    Ok(SealingKey::derived_from(secret, b"webhooks")?)
}

/// Starts the subscription and the dispatcher, and gives the routes.
///
/// # Errors
/// When the bus refuses to create the topics, or the settings contradict each other.
pub fn build(config: &Config, deps: Deps) -> BoxFuture<'_, anyhow::Result<Service>> {
    // Boxed: the body of an `async fn` is compiled again in every crate that awaits it.
    Box::pin(assemble(config, deps))
}

async fn assemble(config: &Config, deps: Deps) -> anyhow::Result<Service> {
    config.deliveries.check()?;
    let (settings, due) = (Arc::new(config.deliveries.clone()), Arc::new(Notify::new()));
    let dispatcher = Dispatcher {
        store: deps.store.clone(),
        sender: Sender::new(&settings)?,
        sealing: deps.sealing.clone(),
        settings: Arc::clone(&settings),
        clock: Arc::clone(&deps.clock),
        due: Arc::clone(&due),
    };
    let application = Application {
        store: deps.store.clone(),
        sealing: deps.sealing.clone(),
        cursors: deps.cursors.clone(),
        settings: Arc::clone(&settings),
        clock: Arc::clone(&deps.clock),
        due: Arc::clone(&due),
    };
    let subscription = subscriptions::subscribe(&config.subscription_id, &deps, due).await?;
    deps.tasks.spawn("webhooks dispatcher", dispatcher.run(deps.tasks.shutdown()));
    housekeeping::start(deps.store.clone(), settings.keep.get(), Arc::clone(&deps.clock), &deps.tasks);
    let (store, clock) = (deps.store, Arc::clone(&deps.clock));
    let health = bus_health(&deps.bus, &subscription).check("store", move || {
        let store = store.clone();
        async move { store.ping().await }
    });
    let guard = Guard::new(deps.tokens).clock(move || clock.now());
    Ok(Service { app: guard.signed_in(api::routes(application)).into_app(health), subscription })
}
