//! Where a phase takes place: a store, a bus and a folder of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::Aggregate;
use domain::account::Account;
use domain::transfer::MoneyTransfer;
use event_store::EventStore;
use messaging::embedded::{DEFAULT_PARTITIONS, EmbeddedLog};
use messaging::{Bus, kafka, topic_of};

use crate::account_worker::Accounts;
use crate::contender::{Own, Way};
use crate::postgres::Server;

/// Where phases can take place.
pub(super) struct Place<'a> {
    /// For files.
    pub(super) dir: &'a Path,
    /// PostgreSQL, Kafka's brokers, and the prefix of every topic; files where there are none.
    pub(super) servers: Option<(&'a Server, &'a str, &'a str)>,
}

/// Where one phase takes place.
pub(super) struct Site {
    pub(super) accounts: Arc<dyn Accounts>,
    pub(super) store: Arc<dyn EventStore>,
    pub(super) bus: Arc<dyn Bus>,
    pub(super) dir: PathBuf,
}

impl Place<'_> {
    /// A new site with an empty store and empty topics.
    pub(super) async fn site(&self, name: &str) -> anyhow::Result<Site> {
        let dir = self.dir.join(name);
        std::fs::create_dir(&dir)?;
        let (store, bus) = match self.servers {
            Some((server, brokers, prefix)) => {
                let bus = kafka::open(&format!("kafka://{brokers}?prefix={prefix}{name}.")).await?;
                (server.create().await?.url(), bus)
            }
            None => {
                let log = EmbeddedLog::open(dir.join("bus.sqlite"), DEFAULT_PARTITIONS).await?;
                let bus: Arc<dyn Bus> = Arc::new(log);
                (format!("sqlite://{}", dir.join("accounts.sqlite").display()), bus)
            }
        };
        let topics = topics();
        bus.ensure_topics(&topics.iter().map(String::as_str).collect::<Vec<_>>()).await?;
        let own = Own::open(&store, Way::Lanes).await?;
        Ok(Site { store: own.store(), accounts: Arc::new(own), bus, dir })
    }
}

impl Site {
    pub(super) async fn close(self) {
        self.bus.close().await;
        self.accounts.close().await;
    }
}

/// What the views are made of.
pub(super) fn topics() -> Vec<String> {
    vec![topic_of(Account::TYPE), topic_of(MoneyTransfer::TYPE)]
}
