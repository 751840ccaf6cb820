//! What the stores hold, gathered in an order in which a running bank cannot look wrong.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use account_history::store::{Generation, ViewStore};
use account_history::view::Views;
use customers::{Discrepancy, Vault};
use domain::Aggregate;
use domain::account::Account;
use domain::bulk_transfer::BulkTransfer;
use domain::customer::Customer;
use domain::order::TransferOrder;
use domain::transfer::MoneyTransfer;
use event_store::{EventStore, RecordedEvent};
use messaging::{Bus, to_event, topic_of};
use uuid::Uuid;
use webhooks::{Told, WebhookStore};

use crate::outboxes::unpublished;
use crate::parts::Urls;

/// The stores of one bank, opened for reading.
#[derive(Clone)]
pub struct Sources {
    /// The accounts service's events.
    pub accounts: Arc<dyn EventStore>,
    /// The transfers service's events.
    pub transfers: Arc<dyn EventStore>,
    /// The customers service's events.
    pub customers: Arc<dyn EventStore>,
    /// The customers service's keys, passwords and sessions.
    pub vault: Vault,
    /// The topics.
    pub bus: Arc<dyn Bus>,
    /// The views.
    pub views: Arc<dyn ViewStore>,
    /// Webhooks and what they are sent.
    pub webhooks: WebhookStore,
    /// The consumer group that builds the views.
    pub history_subscription_id: String,
    /// The consumer group that makes deliveries to webhooks.
    pub webhooks_subscription_id: String,
}

impl Sources {
    /// Opens the stores of an embedded bank.
    ///
    /// # Errors
    /// When the folder holds no bank.
    pub async fn in_data_dir(dir: &Path) -> anyhow::Result<Self> {
        Self::open(&Urls::in_data_dir(dir)).await
    }

    /// Opens the stores that `urls` name; those of files only for reading.
    ///
    /// # Errors
    /// When one of them is missing or cannot be read.
    pub async fn open(urls: &Urls) -> anyhow::Result<Self> {
        Ok(Self {
            accounts: urls.read_accounts_store().await?,
            transfers: urls.read_transfers_store().await?,
            customers: urls.read_customers_store().await?,
            vault: urls.read_vault().await?,
            bus: urls.read_bus().await?,
            views: urls.read_views().await?,
            webhooks: urls.read_webhooks_store().await?,
            history_subscription_id: "account-history".to_owned(),
            webhooks_subscription_id: "webhooks".to_owned(),
        })
    }

    /// Lets go of every connection.
    pub async fn close(&self) {
        self.bus.close().await;
        self.views.close().await;
        self.accounts.close().await;
        self.transfers.close().await;
        self.customers.close().await;
        self.vault.close().await;
        self.webhooks.close().await;
    }
}

/// Everything that is stored, read in the order of the fields.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// The transfers' events before everything else was read.
    pub transfers_before: Vec<RecordedEvent>,
    /// The bulk transfers' events before the accounts' were read.
    pub bulks_before: Vec<RecordedEvent>,
    /// The orders' events before everything else was read.
    pub orders_before: Vec<RecordedEvent>,
    /// The accounts' events before the topics were read.
    pub accounts_before: Vec<RecordedEvent>,
    /// The customers' events before the topics were read.
    pub customers_before: Vec<RecordedEvent>,
    /// Where the vault differed from those customers' events. Whoever changed meanwhile may be in here wrongly.
    pub vault: Vec<Discrepancy>,
    /// The ids of events that were still in an outbox after that.
    pub unpublished: HashSet<Uuid>,
    /// Whether the views had not caught up, or events came while the evidence was gathered.
    pub views_behind: bool,
    /// What webhooks told customers.
    pub told: Told,
    /// Whether their service had not read everything of customers before that.
    pub webhooks_behind: bool,
    /// Every message, by topic, partition and offset.
    pub messages: Vec<RecordedEvent>,
    /// Messages that are no event: where they lie, and why.
    pub unreadable: Vec<String>,
    /// The views.
    pub views: Views,
    /// The accounts' events in one snapshot, after everything above.
    pub accounts: Vec<RecordedEvent>,
    /// The customers' events.
    pub customers: Vec<RecordedEvent>,
    /// The bulk transfers' events.
    pub bulks: Vec<RecordedEvent>,
    /// The transfers' events, after everything that they caused.
    pub transfers: Vec<RecordedEvent>,
    /// The orders' events, last of all.
    pub orders: Vec<RecordedEvent>,
}

impl Evidence {
    /// Reads everything.
    ///
    /// # Errors
    /// When a store cannot be read.
    pub async fn gather(sources: &Sources) -> anyhow::Result<Self> {
        let transfers_before = sources.transfers.read_all(MoneyTransfer::TYPE).await?;
        let bulks_before = sources.transfers.read_all(BulkTransfer::TYPE).await?;
        let orders_before = sources.transfers.read_all(TransferOrder::TYPE).await?;
        let accounts_before = sources.accounts.read_all(Account::TYPE).await?;
        let customers_before = sources.customers.read_all(Customer::TYPE).await?;
        let vault =
            sources.vault.examine(&super::customers::read(&customers_before, &mut Vec::new())).await?;
        let unpublished = unpublished(&[&sources.accounts, &sources.transfers, &sources.customers]).await?;
        let types =
            [Account::TYPE, MoneyTransfer::TYPE, BulkTransfer::TYPE, TransferOrder::TYPE, Customer::TYPE];
        let topics = types.map(topic_of);
        let lag = sources.bus.lag(&sources.history_subscription_id, &[&topics[0], &topics[1]]).await?;
        let unheard = sources.bus.lag(&sources.webhooks_subscription_id, &[&topics[2]]).await?;
        let told = sources.webhooks.told().await?;
        let (mut messages, mut unreadable) = (Vec::new(), Vec::new());
        for topic in &topics {
            for delivery in sources.bus.read_topic(topic).await? {
                let place = &delivery.position;
                match to_event(&delivery.message) {
                    Ok(event) => messages.push(event),
                    Err(error) => {
                        unreadable.push(format!(
                            "{topic} partition {} offset {}: {error}",
                            place.partition, place.offset
                        ));
                    }
                }
            }
        }
        let views = read_views(sources.views.as_ref()).await?;
        let accounts = sources.accounts.read_all(Account::TYPE).await?;
        let customers = sources.customers.read_all(Customer::TYPE).await?;
        let bulks = sources.transfers.read_all(BulkTransfer::TYPE).await?;
        let transfers = sources.transfers.read_all(MoneyTransfer::TYPE).await?;
        let orders = sources.transfers.read_all(TransferOrder::TYPE).await?;
        let came_meanwhile =
            accounts.len() != accounts_before.len() || transfers.len() != transfers_before.len();
        let views_behind = lag > 0 || !unpublished.is_empty() || came_meanwhile;
        Ok(Self {
            transfers_before,
            bulks_before,
            orders_before,
            accounts_before,
            customers_before,
            vault,
            unpublished,
            views_behind,
            told,
            webhooks_behind: unheard > 0,
            messages,
            unreadable,
            views,
            accounts,
            customers,
            bulks,
            transfers,
            orders,
        })
    }

    /// Every event in the stores.
    pub(super) fn stored(&self) -> impl Iterator<Item = &RecordedEvent> {
        let of_transfers = self.transfers.iter().chain(&self.bulks).chain(&self.orders);
        self.accounts.iter().chain(of_transfers).chain(&self.customers)
    }

    /// Every event that was stored before the topics were read.
    pub(super) fn stored_before(&self) -> impl Iterator<Item = &RecordedEvent> {
        let of_transfers = self.transfers_before.iter().chain(&self.bulks_before).chain(&self.orders_before);
        self.accounts_before.iter().chain(of_transfers).chain(&self.customers_before)
    }
}

/// All of the active generation, read again when a rebuild switched meanwhile.
async fn read_views(store: &dyn ViewStore) -> anyhow::Result<Views> {
    loop {
        let active: Generation = store.generations().await?.active;
        let views = store.everything(active).await?;
        if store.generations().await?.active == active {
            return Ok(views);
        }
    }
}
