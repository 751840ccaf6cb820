//! The settings of the account-history service; `default.toml` explains each, and service-kit's `tokens.toml` those of `[tokens]`.

use serde::Deserialize;
use service_kit::settings::{Secret, SecretUrl, TokenSettings};

/// The commented defaults, under every other source of settings.
pub const DEFAULTS: &str = concat!(
    include_str!("default.toml"),
    "\n",
    include_str!("../../../crates/service-kit/src/settings/tokens.toml"),
);

/// The settings of the account-history service.
#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    /// Where the views are.
    pub views: SecretUrl,
    /// The audit log.
    pub audit: SecretUrl,
    /// The bus.
    pub bus: SecretUrl,
    /// What this process does.
    pub role: Role,
    /// The consumer group that keeps the views.
    pub subscription_id: String,
    /// Who lends the streams of accounts.
    pub accounts_url: String,
    /// Who lends the streams of transfers.
    pub transfers_url: String,
    /// What services show each other.
    pub internal_secret: Secret,
    /// Who is believed.
    pub tokens: TokenSettings,
}

/// What a process does: the talk's updater and reader may run apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Keeps the views; answers no queries.
    Updater,
    /// Answers queries from the views that others keep.
    Reader,
    /// Both.
    #[default]
    Both,
}

impl Role {
    /// Whether it keeps the views.
    #[must_use]
    pub fn updates(self) -> bool {
        self != Self::Reader
    }

    /// Whether it answers queries.
    #[must_use]
    pub fn reads(self) -> bool {
        self != Self::Updater
    }
}
