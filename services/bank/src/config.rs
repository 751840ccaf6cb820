//! The settings of the bank in one process; `default.toml` explains each.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use customers::config::PasswordSettings;
use serde::Deserialize;
use service_kit::settings::{Secret, SecretUrl, Span, TokenSettings};
use webhooks::config::DeliverySettings;

use crate::parts::Urls;

/// The commented defaults, under every other source of settings.
pub const DEFAULTS: &str = include_str!("default.toml");

/// The settings of the bank in one process.
#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    /// Where the files of the embedded shape lie.
    pub data_dir: PathBuf,
    /// The event store of accounts; empty means a file in `data_dir`.
    pub accounts_store: SecretUrl,
    /// The event store of transfers; empty means a file in `data_dir`.
    pub transfers_store: SecretUrl,
    /// The event store of customers; empty means a file in `data_dir`.
    pub customers_store: SecretUrl,
    /// Webhooks and what they are sent; empty means a file in `data_dir`.
    pub webhooks_store: SecretUrl,
    /// Keys, passwords and sessions; empty means a file in `data_dir`.
    pub vault: SecretUrl,
    /// The audit log; empty means a file in `data_dir`.
    pub audit: SecretUrl,
    /// The bus; empty means a file in `data_dir`.
    pub bus: SecretUrl,
    /// The views; empty means a file in `data_dir`.
    pub views: SecretUrl,
    /// The consumer group of the accounts service.
    pub accounts_subscription_id: String,
    /// The consumer group of the transfers service.
    pub transfers_subscription_id: String,
    /// The consumer group of the customers service.
    pub customers_subscription_id: String,
    /// The consumer group of the account-history service.
    pub history_subscription_id: String,
    /// The consumer group of the webhooks service.
    pub webhooks_subscription_id: String,
    /// A snapshot of an aggregate after so many events.
    pub snapshot_every: u32,
    /// Commits that can be under way at the same time.
    pub lanes: NonZeroUsize,
    /// Commands that may wait in one lane of a service before more are refused with 503.
    pub lane_queue: NonZeroUsize,
    /// Memory for folded states of each service, in MiB.
    pub state_cache_mib: u64,
    /// How long a transfer may take before it is given up.
    pub deadline: Span,
    /// How often transfers past their deadline, holds past their expiry and erasures that are half done are looked for.
    pub sweep_interval: Span,
    /// How long an account may take to answer the sweeper before it asks again.
    pub sweep_retry: Span,
    /// How long after signing in a customer must sign in again.
    pub session_lifetime: Span,
    /// How passwords are hashed.
    pub passwords: PasswordSettings,
    /// How webhooks are sent.
    pub webhooks: DeliverySettings,
    /// Who is believed, and whose tokens this process issues.
    pub tokens: TokenSettings,
}

impl Config {
    /// Who is believed; the keys may lie in the data directory.
    #[must_use]
    pub fn tokens(&self) -> TokenSettings {
        self.tokens.clone().in_data_dir(&self.data_dir)
    }

    pub(crate) fn accounts(&self) -> accounts::Config {
        let urls = Urls::of(self);
        accounts::Config {
            store: urls.accounts_store,
            bus: urls.bus,
            audit: urls.audit,
            subscription_id: self.accounts_subscription_id.clone(),
            snapshot_every: self.snapshot_every,
            lanes: self.lanes,
            lane_queue: self.lane_queue,
            state_cache_mib: self.state_cache_mib,
            sweep_interval: self.sweep_interval,
            // In one process nobody lends streams over HTTP.
            internal_secret: Secret::default(),
            tokens: self.tokens(),
        }
    }

    pub(crate) fn transfers(&self) -> transfers::Config {
        let urls = Urls::of(self);
        transfers::Config {
            store: urls.transfers_store,
            bus: urls.bus,
            audit: urls.audit,
            subscription_id: self.transfers_subscription_id.clone(),
            snapshot_every: self.snapshot_every,
            lanes: self.lanes,
            lane_queue: self.lane_queue,
            state_cache_mib: self.state_cache_mib,
            deadline: self.deadline,
            sweep_interval: self.sweep_interval,
            sweep_retry: self.sweep_retry,
            // In one process the accounts are asked directly.
            accounts_url: String::new(),
            internal_secret: Secret::default(),
            tokens: self.tokens(),
        }
    }

    pub(crate) fn customers(&self) -> customers::Config {
        let urls = Urls::of(self);
        customers::Config {
            store: urls.customers_store,
            bus: urls.bus,
            audit: urls.audit,
            vault: urls.vault,
            subscription_id: self.customers_subscription_id.clone(),
            snapshot_every: self.snapshot_every,
            // Customers change rarely, whatever accounts and transfers do.
            lanes: NonZeroUsize::MIN,
            lane_queue: self.lane_queue,
            state_cache_mib: self.state_cache_mib,
            session_lifetime: self.session_lifetime,
            sweep_interval: self.sweep_interval,
            passwords: self.passwords.clone(),
            tokens: self.tokens(),
        }
    }

    pub(crate) fn webhooks(&self) -> webhooks::Config {
        let urls = Urls::of(self);
        webhooks::Config {
            store: urls.webhooks_store,
            bus: urls.bus,
            audit: urls.audit,
            subscription_id: self.webhooks_subscription_id.clone(),
            // In one process the key for the signing secrets lies in the vault.
            sealing_secret: Secret::default(),
            deliveries: self.webhooks.clone(),
            tokens: self.tokens(),
        }
    }

    pub(crate) fn account_history(&self) -> account_history::Config {
        let urls = Urls::of(self);
        account_history::Config {
            views: urls.views,
            bus: urls.bus,
            audit: urls.audit,
            role: account_history::Role::Both,
            subscription_id: self.history_subscription_id.clone(),
            // In one process the owners' stores are read directly.
            accounts_url: String::new(),
            transfers_url: String::new(),
            internal_secret: Secret::default(),
            tokens: self.tokens(),
        }
    }
}
