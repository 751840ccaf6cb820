//! The customers service: who somebody is, how they sign in, and whom they pay.
//!
//! Invariant: what the events say about a person is sealed with that person's own key, which lies in the vault. Destroying
//! it forgets the person, in every copy of every event.

mod accounts;
mod api;
mod application;
pub mod config;
mod error;
mod history;
mod passwords;
mod sealing;
mod sweeper;
mod vault;

use std::sync::Arc;

use domain::Aggregate;
use domain::account::Account;
use domain::customer::Customer;
use event_store::{Clock, Commands, LaneSettings, Repository, SystemClock};
use futures::future::BoxFuture;
use messaging::topic_of;
use service_kit::backends::{CommandSide, Watched, open_audit};
use service_kit::http::{Guard, jwks_route};
use service_kit::identity::{TokenIssuer, TokenVerifier};
use service_kit::openapi::document_route;
use service_kit::{About, App, Tasks};

pub use api::openapi::openapi;
pub use config::Config;
pub use history::history;
pub use vault::{Discrepancy, Vault};

use crate::accounts::KnownAccounts;
use crate::application::Application;
use crate::passwords::Passwords;

/// What the process is called, and its defaults.
pub const ABOUT: About = About {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    summary: "Registers customers, signs them in, and keeps their payees.",
    defaults: config::DEFAULTS,
    example: None,
};

/// What the service stands on, chosen by whoever starts it.
#[derive(Clone)]
pub struct Deps {
    /// The service's own event store, the bus and the dead letters.
    pub side: CommandSide,
    /// Keys, passwords and sessions.
    pub vault: Vault,
    /// Who is believed.
    pub tokens: TokenVerifier,
    /// Issues the tokens of those who sign in.
    pub issuer: TokenIssuer,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Where background work runs; its shutdown ends the service.
    pub tasks: Tasks,
}

/// The running service, without its listener.
pub struct Service {
    /// The routes under `/v1/customers` and `/v1/sessions`, and what `/readyz` asks.
    pub app: App,
    /// The reader of account events.
    pub subscription: Watched,
}

/// Opens what the settings name, and builds the service on it: a process of its own, which also publishes the keys that
/// the others check its tokens with.
///
/// # Errors
/// When the store, the bus, the vault or the keys cannot be opened, or the service cannot start on them.
pub async fn start(config: Config, tasks: Tasks) -> anyhow::Result<App> {
    let side = CommandSide::open(&config.store, &config.bus).await?;
    let vault = Vault::open(&config.vault).await?;
    let clock = Arc::new(SystemClock);
    let keys = config.tokens.signing_keys(clock.now())?;
    let tokens = config.tokens.verifier_with(keys.clone());
    let issuer = config.tokens.issuer(keys.clone())?;
    let deps = Deps { side, vault, tokens, issuer, clock, tasks };
    let audit = open_audit(&config.audit).await?;
    let App { router, health } = build(&config, deps).await?.app.audited(audit);
    Ok(App { router: router.merge(jwks_route(keys)).merge(document_route(&openapi())?), health })
}

/// Makes the tables and topics that the service needs, where they are missing.
///
/// # Errors
/// When the store, the vault, the audit log or the bus cannot be opened, or the bus refuses the topics.
pub async fn migrate(config: Config) -> anyhow::Result<()> {
    open_audit(&config.audit).await?.close().await;
    Vault::open(&config.vault).await?.close().await;
    CommandSide::migrate(&config.store, &config.bus, &[Customer::TYPE, Account::TYPE].map(topic_of)).await
}

/// Starts the outbox relay, the subscription and the sweeper, and gives the routes.
///
/// # Errors
/// When the bus refuses to create the service's topics, or passwords cannot be hashed as the settings say.
pub fn build(config: &Config, deps: Deps) -> BoxFuture<'_, anyhow::Result<Service>> {
    // Boxed: the body of an `async fn` is compiled again in every crate that awaits it.
    Box::pin(assemble(config, deps))
}

async fn assemble(config: &Config, deps: Deps) -> anyhow::Result<Service> {
    let repository = Repository::<Customer>::new(
        Arc::clone(&deps.side.store),
        Arc::clone(&deps.clock),
        config.snapshot_every,
    );
    let lanes = LaneSettings::sized(config.lanes, config.lane_queue, config.state_cache_mib);
    let accounts = KnownAccounts::in_database(deps.vault.pool().clone());
    let application = Application {
        commands: Commands::lanes(repository.clone(), &lanes),
        repository,
        store: Arc::clone(&deps.side.store),
        vault: deps.vault.clone(),
        accounts: accounts.clone(),
        passwords: Passwords::new(&config.passwords)?,
        issuer: deps.issuer.clone(),
        session_lifetime: config.session_lifetime.get(),
        clock: Arc::clone(&deps.clock),
    };
    deps.side.start_relay(&deps.tasks, "/bank/customers");
    let subscription = accounts::subscribe(&config.subscription_id, &deps, accounts).await?;
    sweeper::start(application.clone(), config.sweep_interval.get(), &deps.tasks);
    let (vault, clock) = (deps.vault, Arc::clone(&deps.clock));
    let health = deps.side.health(&subscription).check("vault", move || {
        let vault = vault.clone();
        async move { vault.ping().await }
    });
    let guard = Guard::new(deps.tokens).clock(move || clock.now());
    let guard = guard.public(api::public_routes(application.clone()));
    let guard =
        guard.signed_in(api::routes(application.clone())).operators(api::operator_routes(application));
    Ok(Service { app: guard.into_app(health), subscription })
}
