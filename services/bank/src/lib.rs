//! The whole bank in one process: the libraries of the three services behind one port, and the tools that read
//! their stores.

pub mod config;
pub mod demo;
pub mod parts;
pub mod verify;

use std::sync::Arc;

use axum::Router;
use event_store::Clock;
use messaging::SubscriptionHandle;
use service_kit::{Health, Tasks};

use crate::config::Config;
use crate::parts::Parts;

/// The running bank, without its listener.
pub struct Service {
    /// The routes of all services.
    pub router: Router,
    /// What `/readyz` asks.
    pub health: Health,
    /// The readers of the topics.
    pub subscriptions: Vec<SubscriptionHandle>,
}

/// Builds the three services on `parts`, as their own processes would.
///
/// # Errors
/// When a service cannot start.
pub async fn build(
    config: &Config,
    parts: Parts,
    clock: Arc<dyn Clock>,
    tasks: &Tasks,
) -> anyhow::Result<Service> {
    let accounts = accounts::build(
        &accounts_config(config),
        accounts::Deps { side: parts.accounts_side(), clock: Arc::clone(&clock), tasks: tasks.clone() },
    )
    .await?;
    let transfers = transfers::build(
        &transfers_config(config),
        transfers::Deps { side: parts.transfers_side(), clock: Arc::clone(&clock), tasks: tasks.clone() },
    )
    .await?;
    let history = account_history::build(&history_config(config), parts.history_deps(clock, tasks)).await?;
    Ok(Service {
        router: accounts.router.merge(transfers.router).merge(history.router),
        health: accounts.health,
        subscriptions: vec![accounts.subscription, transfers.subscription],
    })
}
