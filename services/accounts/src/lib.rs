//! The accounts service: opens accounts, moves money in and out of them, and answers the steps of transfers.
//!
//! Invariant: every decision is taken on the folded state of the account itself, never on a view.

mod api;
mod application;
pub mod config;
mod error;
mod subscriptions;

use std::sync::Arc;

use axum::Router;
use domain::account::Account;
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
    /// The routes under `/v1/accounts`, without the layers that [`service_kit::http::finish`] adds.
    pub router: Router,
    /// What `/readyz` asks.
    pub health: Health,
    /// The reader of transfer events.
    pub subscription: SubscriptionHandle,
}

/// Starts the outbox relay and the subscription, and gives the routes.
///
/// # Errors
/// When the bus refuses to create the service's topics.
pub async fn build(config: &Config, deps: Deps) -> anyhow::Result<Service> {
    let repository =
        Repository::<Account>::new(Arc::clone(&deps.side.store), Arc::clone(&deps.clock), config.snapshot_every);
    let commands = Commands::direct(repository);
    deps.side.start_relay(&deps.tasks, "/bank/accounts");
    let subscription =
        subscriptions::subscribe(&config.subscription_id, &deps, commands.clone()).await?;
    let application = Application { commands, clock: deps.clock };
    let router = api::routes(application).merge(service_kit::owned_streams::routes(Arc::clone(&deps.side.store)));
    Ok(Service { router, health: deps.side.health(), subscription })
}
