//! The transfers service: the saga's record of every money transfer.
//!
//! Invariant: only an account's answer moves a transfer. The service never assumes what an account did; it asks
//! again, or asks the account to refuse, and records what the account says.

mod api;
mod application;
pub mod config;
mod error;
mod subscriptions;
mod sweeper;

use std::sync::Arc;

use axum::Router;
use domain::transfer::MoneyTransfer;
use event_store::{Clock, Commands, Repository};
use messaging::SubscriptionHandle;
use service_kit::backends::CommandSide;
use service_kit::health::Health;
use service_kit::tasks::Tasks;

pub use config::Config;

use crate::application::Application;

/// What the service stands on, chosen by whoever starts it.
#[derive(Clone)]
pub struct Deps {
    /// The service's own event store, the bus and the dead letters.
    pub side: CommandSide,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Where background work runs; its shutdown ends the service.
    pub tasks: Tasks,
}

/// The running service, without its listener.
pub struct Service {
    /// The routes under `/v1/transfers`, without the layers that [`service_kit::http::finish`] adds.
    pub router: Router,
    /// What `/readyz` asks.
    pub health: Health,
    /// The reader of the accounts' answers.
    pub subscription: SubscriptionHandle,
}

/// Starts the outbox relay, the subscription and the sweeper, and gives the routes.
///
/// # Errors
/// When the bus refuses to create the service's topics.
pub async fn build(config: &Config, deps: Deps) -> anyhow::Result<Service> {
    let repository = Repository::<MoneyTransfer>::new(
        Arc::clone(&deps.side.store),
        Arc::clone(&deps.clock),
        config.snapshot_every,
    );
    let application = Application {
        commands: Commands::direct(repository.clone()),
        repository,
        store: Arc::clone(&deps.side.store),
        clock: Arc::clone(&deps.clock),
        deadline: config.deadline.into(),
    };
    deps.side.start_relay(&deps.tasks, "/bank/transfers");
    let subscription = subscriptions::subscribe(&config.subscription_id, &deps, application.clone()).await?;
    sweeper::start(application.clone(), config, &deps.tasks);
    let router =
        api::routes(application).merge(service_kit::owned_streams::routes(Arc::clone(&deps.side.store)));
    Ok(Service { router, health: deps.side.health(), subscription })
}
