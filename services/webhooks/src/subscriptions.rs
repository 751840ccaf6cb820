//! What the webhooks service listens to: everything that happens to accounts, transfers and customers.

use std::sync::Arc;

use domain::Aggregate;
use domain::account::Account;
use domain::customer::Customer;
use domain::transfer::MoneyTransfer;
use messaging::{Subscription, topic_of};
use service_kit::backends::{self, Watched};
use tokio::sync::Notify;

use crate::Deps;
use crate::listener::Listener;

/// Whose events it reads.
pub(crate) const READS: [&str; 3] = [Account::TYPE, MoneyTransfer::TYPE, Customer::TYPE];

/// What it reads.
pub(crate) fn topics() -> Vec<String> {
    READS.map(topic_of).into()
}

/// Reads the topics from their start, or from where this subscription stopped. `due` is told when there is something to
/// send.
pub(crate) async fn subscribe(id: &str, deps: &Deps, due: Arc<Notify>) -> anyhow::Result<Watched> {
    let listener = Listener { store: deps.store.clone(), clock: Arc::clone(&deps.clock), due };
    let subscription = Subscription {
        id: id.to_owned(),
        topics: topics(),
        handler: Arc::new(listener),
        dead_letters: Arc::clone(&deps.dead_letters),
        owner: None,
    };
    backends::subscribe(&deps.bus, subscription, &deps.tasks).await
}
