//! The accounts service: opens accounts, moves money in and out of them, and answers the steps of transfers.
//!
//! Invariant: every decision is taken on the folded state of the account itself, never on a view.

mod api;
mod application;
pub mod config;
mod error;
mod history;
mod subscriptions;
mod sweeper;

use std::sync::Arc;

use domain::Aggregate;
use domain::account::Account;
use domain::bulk_transfer::BulkTransfer;
use domain::transfer::MoneyTransfer;
use event_store::{Clock, Commands, LaneSettings, Repository, SystemClock};
use futures::future::BoxFuture;
use messaging::topic_of;
use service_kit::backends::{CommandSide, Watched, open_audit};
use service_kit::http::Guard;
use service_kit::identity::TokenVerifier;
use service_kit::openapi::document_route;
use service_kit::{About, App, Tasks, owned_streams};

pub use api::openapi::openapi;
pub use config::Config;
pub use history::history;
pub use subscriptions::READS;

use crate::api::trials::{self, Trials};
use crate::application::Application;
use crate::sweeper::Sweeper;

/// What the process is called, and its defaults.
pub const ABOUT: About = About {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    summary: "Opens accounts, moves money in and out of them, and answers the steps of transfers.",
    defaults: config::DEFAULTS,
    example: None,
};

/// What the service stands on, chosen by whoever starts it.
#[derive(Clone)]
pub struct Deps {
    /// The service's own event store, the bus and the dead letters.
    pub side: CommandSide,
    /// Who is believed.
    pub tokens: TokenVerifier,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Where background work runs; its shutdown ends the service.
    pub tasks: Tasks,
}

/// The running service, without its listener.
pub struct Service {
    /// The routes under `/v1/accounts`, and what `/readyz` asks.
    pub app: App,
    /// The reader of transfer events.
    pub subscription: Watched,
}

/// Opens what the settings name, and builds the service on it: a process of its own, which also lends its streams
/// to the views.
///
/// # Errors
/// When the store or the bus cannot be opened, or the service cannot start on them.
pub async fn start(config: Config, tasks: Tasks) -> anyhow::Result<App> {
    let side = CommandSide::open(&config.store, &config.bus).await?;
    let lent = owned_streams::routes(Arc::clone(&side.store), config.internal_secret.clone());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let accounts = Repository::new(Arc::clone(&side.store), Arc::clone(&clock), config.snapshot_every);
    let trials = Trials { repository: accounts, clock: Arc::clone(&clock) };
    let tried = trials::routes(trials, config.internal_secret.clone());
    let tokens = config.tokens.verifier(clock.now())?;
    let deps = Deps { side, tokens, clock, tasks };
    let audit = open_audit(&config.audit).await?;
    let App { router, health } = build(&config, deps).await?.app.audited(audit);
    Ok(App { router: router.merge(lent).merge(tried).merge(document_route(&openapi())?), health })
}

/// Makes the tables and topics that the service needs, where they are missing.
///
/// # Errors
/// When the store, the audit log or the bus cannot be opened, or the bus refuses the topics.
pub async fn migrate(config: Config) -> anyhow::Result<()> {
    open_audit(&config.audit).await?.close().await;
    let topics = [Account::TYPE, MoneyTransfer::TYPE, BulkTransfer::TYPE].map(topic_of);
    CommandSide::migrate(&config.store, &config.bus, &topics).await
}

/// Starts the outbox relay, the subscription and the sweeper, and gives the routes.
///
/// # Errors
/// When the bus refuses to create the service's topics.
pub fn build(config: &Config, deps: Deps) -> BoxFuture<'_, anyhow::Result<Service>> {
    // Boxed: the body of an `async fn` is compiled again in every crate that awaits it.
    Box::pin(assemble(config, deps))
}

async fn assemble(config: &Config, deps: Deps) -> anyhow::Result<Service> {
    let repository = Repository::<Account>::new(
        Arc::clone(&deps.side.store),
        Arc::clone(&deps.clock),
        config.snapshot_every,
    );
    let lanes = LaneSettings::sized(config.lanes, config.lane_queue, config.state_cache_mib);
    let commands = Commands::lanes(repository.clone(), &lanes);
    deps.side.start_relay(&deps.tasks, "/bank/accounts");
    let subscription = subscriptions::subscribe(&config.subscription_id, &deps, commands.clone()).await?;
    let application = Application { commands, clock: Arc::clone(&deps.clock) };
    let store = Arc::clone(&deps.side.store);
    let sweeper = Sweeper { application: application.clone(), repository, store };
    sweeper.start(config.sweep_interval.into(), &deps.tasks);
    let clock = Arc::clone(&deps.clock);
    let guard = Guard::new(deps.tokens).clock(move || clock.now());
    let router = api::routes(application);
    let health = deps.side.health(&subscription);
    Ok(Service { app: guard.signed_in(router).into_app(health), subscription })
}
