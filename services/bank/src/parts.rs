//! What the bank in one process stands on: files in one folder, or the servers of the distributed shape.

mod urls;

use std::sync::Arc;

use account_history::owners::LocalOwners;
use account_history::store::ViewStore;
use customers::Vault;
use domain::Aggregate;
use domain::account::Account;
use domain::transfer::MoneyTransfer;
use event_store::{Clock, EventStore};
use messaging::{Bus, DeadLetters};
use sealing::SealingKey;
use service_kit::Tasks;
use service_kit::audit::AuditLog;
use service_kit::backends::{CommandSide, open_audit, open_bus, open_dead_letters, open_store};
use service_kit::http::CursorKey;
use service_kit::identity::TokenVerifier;
use webhooks::WebhookStore;

use crate::config::Config;
use crate::verify::Sources;
pub use urls::Urls;

/// Everything that the services share or own, opened.
#[derive(Clone)]
pub struct Parts {
    /// The accounts service's events.
    pub accounts_store: Arc<dyn EventStore>,
    /// The transfers service's events.
    pub transfers_store: Arc<dyn EventStore>,
    /// The customers service's events.
    pub customers_store: Arc<dyn EventStore>,
    /// The customers service's keys, passwords and sessions.
    pub vault: Vault,
    /// Webhooks and what they are sent.
    pub webhooks_store: WebhookStore,
    /// Who asked for what, and what came of it.
    pub audit: AuditLog,
    /// The bus between the services.
    pub bus: Arc<dyn Bus>,
    /// The views.
    pub views: Arc<dyn ViewStore>,
    accounts_dead_letters: Arc<dyn DeadLetters>,
    transfers_dead_letters: Arc<dyn DeadLetters>,
    customers_dead_letters: Arc<dyn DeadLetters>,
    history_dead_letters: Arc<dyn DeadLetters>,
    webhooks_dead_letters: Arc<dyn DeadLetters>,
    webhooks_sealing: SealingKey,
    history_subscription_id: String,
    webhooks_subscription_id: String,
    cursors: CursorKey,
}

impl Parts {
    /// Opens what the settings name, and makes what is missing.
    ///
    /// # Errors
    /// When something cannot be opened; the message names the setting.
    pub async fn open(config: &Config) -> anyhow::Result<Self> {
        let urls = Urls::of(config);
        let views = urls.open_views().await?;
        let vault = Vault::open(&urls.vault).await?;
        let cursors = CursorKey::derived_from(&vault.service_key("cursors").await?);
        let webhooks_sealing = webhooks::sealing_key(&vault.service_key("webhooks").await?)?;
        Ok(Self {
            accounts_store: open_store("accounts_store", &urls.accounts_store).await?,
            transfers_store: open_store("transfers_store", &urls.transfers_store).await?,
            customers_store: open_store("customers_store", &urls.customers_store).await?,
            webhooks_store: WebhookStore::open("webhooks_store", &urls.webhooks_store).await?,
            vault,
            cursors,
            webhooks_sealing,
            audit: open_audit(&urls.audit).await?,
            bus: open_bus("bus", &urls.bus).await?,
            views: views.views,
            accounts_dead_letters: open_dead_letters(&urls.accounts_store).await?,
            transfers_dead_letters: open_dead_letters(&urls.transfers_store).await?,
            customers_dead_letters: open_dead_letters(&urls.customers_store).await?,
            history_dead_letters: views.dead_letters,
            webhooks_dead_letters: open_dead_letters(&urls.webhooks_store).await?,
            history_subscription_id: config.history_subscription_id.clone(),
            webhooks_subscription_id: config.webhooks_subscription_id.clone(),
        })
    }

    /// What the accounts service stands on.
    #[must_use]
    pub fn accounts_side(&self) -> CommandSide {
        CommandSide {
            store: Arc::clone(&self.accounts_store),
            bus: Arc::clone(&self.bus),
            dead_letters: Arc::clone(&self.accounts_dead_letters),
        }
    }

    /// What the transfers service stands on.
    #[must_use]
    pub fn transfers_side(&self) -> CommandSide {
        CommandSide {
            store: Arc::clone(&self.transfers_store),
            bus: Arc::clone(&self.bus),
            dead_letters: Arc::clone(&self.transfers_dead_letters),
        }
    }

    /// What the customers service stands on.
    #[must_use]
    pub fn customers_side(&self) -> CommandSide {
        CommandSide {
            store: Arc::clone(&self.customers_store),
            bus: Arc::clone(&self.bus),
            dead_letters: Arc::clone(&self.customers_dead_letters),
        }
    }

    /// What the account-history service stands on.
    #[must_use]
    pub fn history_deps(&self, tokens: TokenVerifier, tasks: &Tasks) -> account_history::Deps {
        let owner = LocalOwners::new()
            .with(Account::TYPE, Arc::clone(&self.accounts_store))
            .with(MoneyTransfer::TYPE, Arc::clone(&self.transfers_store));
        account_history::Deps {
            views: Arc::clone(&self.views),
            bus: Arc::clone(&self.bus),
            dead_letters: Arc::clone(&self.history_dead_letters),
            owner: Arc::new(owner),
            tokens,
            cursors: self.cursors.clone(),
            tasks: tasks.clone(),
        }
    }

    /// Signs where lists go on.
    #[must_use]
    pub fn cursors(&self) -> CursorKey {
        self.cursors.clone()
    }

    /// What the webhooks service stands on.
    #[must_use]
    pub fn webhooks_deps(
        &self,
        tokens: TokenVerifier,
        clock: Arc<dyn Clock>,
        tasks: &Tasks,
    ) -> webhooks::Deps {
        webhooks::Deps {
            store: self.webhooks_store.clone(),
            bus: Arc::clone(&self.bus),
            dead_letters: Arc::clone(&self.webhooks_dead_letters),
            sealing: self.webhooks_sealing.clone(),
            tokens,
            cursors: self.cursors.clone(),
            clock,
            tasks: tasks.clone(),
        }
    }

    /// The same stores, for verification.
    #[must_use]
    pub fn sources(&self) -> Sources {
        Sources {
            accounts: Arc::clone(&self.accounts_store),
            transfers: Arc::clone(&self.transfers_store),
            customers: Arc::clone(&self.customers_store),
            vault: self.vault.clone(),
            bus: Arc::clone(&self.bus),
            views: Arc::clone(&self.views),
            webhooks: self.webhooks_store.clone(),
            history_subscription_id: self.history_subscription_id.clone(),
            webhooks_subscription_id: self.webhooks_subscription_id.clone(),
        }
    }

    /// Lets go of everything.
    pub async fn close(&self) {
        self.sources().close().await;
        self.audit.close().await;
    }
}
