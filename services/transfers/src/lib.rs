//! The transfers service: the saga's record of every money transfer, and of every bulk of them.
//!
//! Invariant: only an account's answer moves a transfer. The service never assumes what an account did; it asks
//! again, or asks the account to refuse, and records what the account says.
//!
//! It also keeps the orders for transfers: when one is due, it is a transfer like any other.

mod api;
mod application;
pub mod config;
mod due_orders;
mod error;
mod history;
mod measures;
mod subscriptions;
mod sweeper;
pub mod trials;

use std::num::NonZeroUsize;
use std::sync::Arc;

use domain::Aggregate;
use domain::account::Account;
use domain::bulk_transfer::BulkTransfer;
use domain::customer::Customer;
use domain::order::TransferOrder;
use domain::transfer::MoneyTransfer;
use event_store::{Clock, Commands, LaneSettings, Repository, SystemClock};
use futures::future::BoxFuture;
use messaging::topic_of;
use service_kit::backends::{CommandSide, Watched, open_audit};
use service_kit::http::{CursorKey, Guard};
use service_kit::identity::TokenVerifier;
use service_kit::openapi::document_route;
use service_kit::{About, App, Tasks, owned_streams};

pub use api::openapi::openapi;
pub use config::Config;
pub use history::history;
pub use subscriptions::READS;

use crate::application::{Application, Orders};
use crate::trials::{HttpTrials, Trials};

/// What the process is called, and its defaults.
pub const ABOUT: About = About {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    summary: "Accepts money transfers and keeps the record of every one until it has ended.",
    defaults: config::DEFAULTS,
    example: None,
};

/// Memory for the states of bulk transfers, in MiB.
const BULK_CACHE_MIB: u64 = 4;

/// What the service stands on, chosen by whoever starts it.
#[derive(Clone)]
pub struct Deps {
    /// The service's own event store, the bus and the dead letters.
    pub side: CommandSide,
    /// Who is believed.
    pub tokens: TokenVerifier,
    /// Who knows what the accounts would decide.
    pub trials: Arc<dyn Trials>,
    /// Signs where lists go on.
    pub cursors: CursorKey,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Where background work runs; its shutdown ends the service.
    pub tasks: Tasks,
}

/// The running service, without its listener.
pub struct Service {
    /// The routes of transfers, of bulks of them and of orders for them, and what `/readyz` asks.
    pub app: App,
    /// The reader of the accounts' answers.
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
    let clock = Arc::new(SystemClock);
    let tokens = config.tokens.verifier(clock.now())?;
    let trials = Arc::new(HttpTrials::new(&config.accounts_url, config.internal_secret.clone())?);
    let cursors = CursorKey::shared(&config.internal_secret)?;
    let deps = Deps { side, tokens, trials, cursors, clock, tasks };
    let audit = open_audit(&config.audit).await?;
    let App { router, health } = build(&config, deps).await?.app.audited(audit);
    Ok(App { router: router.merge(lent).merge(document_route(&openapi())?), health })
}

/// Makes the tables and topics that the service needs, where they are missing.
///
/// # Errors
/// When the store, the audit log or the bus cannot be opened, or the bus refuses the topics.
pub async fn migrate(config: Config) -> anyhow::Result<()> {
    open_audit(&config.audit).await?.close().await;
    let topics =
        [Account::TYPE, MoneyTransfer::TYPE, BulkTransfer::TYPE, TransferOrder::TYPE, Customer::TYPE]
            .map(topic_of);
    CommandSide::migrate(&config.store, &config.bus, &topics).await
}

/// Starts the outbox relay, the subscription and the sweepers, and gives the routes.
///
/// # Errors
/// When the bus refuses to create the service's topics.
pub fn build(config: &Config, deps: Deps) -> BoxFuture<'_, anyhow::Result<Service>> {
    // Boxed: the body of an `async fn` is compiled again in every crate that awaits it.
    Box::pin(assemble(config, deps))
}

async fn assemble(config: &Config, deps: Deps) -> anyhow::Result<Service> {
    let (store, clock) = (&deps.side.store, &deps.clock);
    let repository =
        Repository::<MoneyTransfer>::new(Arc::clone(store), Arc::clone(clock), config.snapshot_every);
    let bulks = Repository::<BulkTransfer>::new(Arc::clone(store), Arc::clone(clock), config.snapshot_every);
    let lanes = LaneSettings::sized(config.lanes, config.lane_queue, config.state_cache_mib);
    // There are few of them, and each has three commands.
    let bulk_lane = LaneSettings::sized(NonZeroUsize::MIN, config.lane_queue, BULK_CACHE_MIB);
    let orders =
        Repository::<TransferOrder>::new(Arc::clone(store), Arc::clone(clock), config.snapshot_every);
    let application = Application {
        orders: Orders { commands: Commands::lanes(orders.clone(), &lanes), repository: orders },
        commands: Commands::lanes(repository.clone(), &lanes),
        repository,
        bulk_commands: Commands::lanes(bulks.clone(), &bulk_lane),
        bulks,
        store: Arc::clone(&deps.side.store),
        clock: Arc::clone(&deps.clock),
        deadline: config.deadline.into(),
        trials: Arc::clone(&deps.trials),
        cursors: deps.cursors.clone(),
    };
    deps.side.start_relay(&deps.tasks, "/bank/transfers");
    let subscription = subscriptions::subscribe(&config.subscription_id, &deps, application.clone()).await?;
    sweeper::start(application.clone(), config, &deps.tasks);
    due_orders::start(application.clone(), config, &deps.tasks);
    let clock = Arc::clone(&deps.clock);
    let guard = Guard::new(deps.tokens).clock(move || clock.now());
    let router = api::routes(application);
    let health = deps.side.health(&subscription);
    Ok(Service { app: guard.signed_in(router).into_app(health), subscription })
}
