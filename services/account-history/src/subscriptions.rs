//! What the account-history service listens to: everything that happens to accounts and to transfers.

use std::sync::Arc;

use domain::Aggregate;
use domain::account::Account;
use domain::transfer::MoneyTransfer;
use messaging::{Subscription, topic_of};
use service_kit::backends::{self, Watched};

use crate::Deps;
use crate::projector::Projector;

/// Whose events it reads.
pub const READS: [&str; 2] = [Account::TYPE, MoneyTransfer::TYPE];

/// Reads `bank.account` and `bank.transfer` from their start, or from where this subscription stopped.
pub(crate) async fn subscribe(id: &str, deps: &Deps) -> anyhow::Result<Watched> {
    let subscription = Subscription {
        id: id.to_owned(),
        topics: READS.map(topic_of).to_vec(),
        handler: Arc::new(Projector::new(Arc::clone(&deps.views), Arc::clone(&deps.owner))),
        dead_letters: Arc::clone(&deps.dead_letters),
        owner: Some(Arc::clone(&deps.owner)),
    };
    backends::subscribe(&deps.bus, subscription, &deps.tasks).await
}
