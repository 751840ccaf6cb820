//! Where the parts lie.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use account_history::store::{OpenedViews, SqliteViews, ViewStore};
use anyhow::Context;
use customers::Vault;
use event_store::EventStore;
use event_store::sqlite::SqliteEventStore;
use messaging::Bus;
use messaging::embedded::EmbeddedLog;
use service_kit::Failure;
use service_kit::backends::{open_bus, open_store};
use service_kit::settings::SecretUrl;
use webhooks::WebhookStore;

use crate::config::Config;

/// The addresses of the stores of one bank.
#[derive(Debug, Clone)]
pub struct Urls {
    /// The accounts service's events.
    pub accounts_store: SecretUrl,
    /// The transfers service's events.
    pub transfers_store: SecretUrl,
    /// The customers service's events.
    pub customers_store: SecretUrl,
    /// Webhooks and what they are sent.
    pub webhooks_store: SecretUrl,
    /// The customers service's keys, passwords and sessions.
    pub vault: SecretUrl,
    /// The audit log.
    pub audit: SecretUrl,
    /// The bus.
    pub bus: SecretUrl,
    /// The views.
    pub views: SecretUrl,
}

impl Urls {
    /// The addresses in the settings; where one is empty, a file in the data folder.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let files = Self::in_data_dir(&config.data_dir);
        let or = |set: &SecretUrl, file: SecretUrl| if set.is_empty() { file } else { set.clone() };
        Self {
            accounts_store: or(&config.accounts_store, files.accounts_store),
            transfers_store: or(&config.transfers_store, files.transfers_store),
            customers_store: or(&config.customers_store, files.customers_store),
            webhooks_store: or(&config.webhooks_store, files.webhooks_store),
            vault: or(&config.vault, files.vault),
            audit: or(&config.audit, files.audit),
            bus: or(&config.bus, files.bus),
            views: or(&config.views, files.views),
        }
    }

    /// The files of an embedded bank.
    #[must_use]
    pub fn in_data_dir(dir: &Path) -> Self {
        let file =
            |scheme: &str, name: &str| SecretUrl::from(format!("{scheme}{}", dir.join(name).display()));
        Self {
            accounts_store: file("sqlite://", "accounts.sqlite"),
            transfers_store: file("sqlite://", "transfers.sqlite"),
            customers_store: file("sqlite://", "customers.sqlite"),
            webhooks_store: file("sqlite://", "webhooks.sqlite"),
            vault: file("sqlite://", "vault.sqlite"),
            audit: file("sqlite://", "audit.sqlite"),
            bus: file("embedded:", "bus.sqlite"),
            views: file("sqlite://", "views.sqlite"),
        }
    }

    /// `url`, when it names a server or a file that is there.
    ///
    /// # Errors
    /// When it names a file that does not exist.
    pub fn existing(url: &SecretUrl) -> Result<SecretUrl, Failure> {
        if let Some(path) = url.expose().strip_prefix("sqlite://") {
            existing(path).map_err(Failure::start)?;
        }
        Ok(url.clone())
    }

    /// The accounts store, a file only for reading.
    ///
    /// # Errors
    /// When it is missing or cannot be read.
    pub async fn read_accounts_store(&self) -> anyhow::Result<Arc<dyn EventStore>> {
        read_store("accounts_store", &self.accounts_store).await
    }

    /// The transfers store, a file only for reading.
    ///
    /// # Errors
    /// When it is missing or cannot be read.
    pub async fn read_transfers_store(&self) -> anyhow::Result<Arc<dyn EventStore>> {
        read_store("transfers_store", &self.transfers_store).await
    }

    /// The customers store, a file only for reading.
    ///
    /// # Errors
    /// When it is missing or cannot be read.
    pub async fn read_customers_store(&self) -> anyhow::Result<Arc<dyn EventStore>> {
        read_store("customers_store", &self.customers_store).await
    }

    /// The vault, a file only for reading.
    ///
    /// # Errors
    /// When it is missing or cannot be read.
    pub async fn read_vault(&self) -> anyhow::Result<Vault> {
        if let Some(path) = self.vault.expose().strip_prefix("sqlite://") {
            existing(path)?;
        }
        Vault::open_read_only(&self.vault).await
    }

    /// Webhooks and what they are sent, a file only for reading.
    ///
    /// # Errors
    /// When it is missing or cannot be read.
    pub async fn read_webhooks_store(&self) -> anyhow::Result<WebhookStore> {
        if let Some(path) = self.webhooks_store.expose().strip_prefix("sqlite://") {
            existing(path)?;
        }
        WebhookStore::open_read_only("webhooks_store", &self.webhooks_store).await
    }

    /// The bus, a file only for reading.
    ///
    /// # Errors
    /// When it is missing or cannot be read.
    pub async fn read_bus(&self) -> anyhow::Result<Arc<dyn Bus>> {
        match self.bus.expose().strip_prefix("embedded:") {
            Some(path) => {
                let path = existing(path.trim_start_matches("//"))?;
                let log =
                    EmbeddedLog::open_read_only(&path).await.with_context(|| path.display().to_string())?;
                Ok(Arc::new(log))
            }
            None => open_bus("bus", &self.bus).await,
        }
    }

    /// The views, a file only for reading.
    ///
    /// # Errors
    /// When they are missing or cannot be read.
    pub async fn read_views(&self) -> anyhow::Result<Arc<dyn ViewStore>> {
        match self.views.expose().strip_prefix("sqlite://") {
            Some(path) => {
                let path = existing(path)?;
                let views =
                    SqliteViews::open_read_only(&path).await.with_context(|| path.display().to_string())?;
                Ok(Arc::new(views))
            }
            None => Ok(self.open_views().await?.views),
        }
    }

    /// The views and their dead letters; makes what is missing.
    ///
    /// # Errors
    /// When they cannot be opened; the message names the setting.
    pub async fn open_views(&self) -> anyhow::Result<OpenedViews> {
        let opened = account_history::store::open(self.views.expose()).await;
        opened.map_err(|error| anyhow::anyhow!("setting `views` ({}): {error}", self.views))
    }
}

async fn read_store(name: &str, url: &SecretUrl) -> anyhow::Result<Arc<dyn EventStore>> {
    match url.expose().strip_prefix("sqlite://") {
        Some(path) => {
            let path = existing(path)?;
            let store =
                SqliteEventStore::open_read_only(&path).await.with_context(|| path.display().to_string())?;
            Ok(Arc::new(store))
        }
        None => open_store(name, url).await,
    }
}

fn existing(path: &str) -> anyhow::Result<PathBuf> {
    let path = PathBuf::from(path);
    anyhow::ensure!(path.exists(), "{} does not exist: is this the data folder of a bank?", path.display());
    Ok(path)
}
