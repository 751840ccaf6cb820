//! The settings of the accounts service; `default.toml` explains each, and service-kit's `tokens.toml` those of `[tokens]`.

use std::num::NonZeroUsize;

use serde::Deserialize;
use service_kit::settings::{Secret, SecretUrl, Span, TokenSettings};

/// The commented defaults, under every other source of settings.
pub const DEFAULTS: &str = concat!(
    include_str!("default.toml"),
    "\n",
    include_str!("../../../crates/service-kit/src/settings/tokens.toml"),
);

/// The settings of the accounts service.
#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    /// The event store.
    pub store: SecretUrl,
    /// The audit log.
    pub audit: SecretUrl,
    /// The bus.
    pub bus: SecretUrl,
    /// The consumer group that reads transfer events.
    pub subscription_id: String,
    /// A snapshot after so many events of an account.
    pub snapshot_every: u32,
    /// Commits that can be under way at the same time.
    pub lanes: NonZeroUsize,
    /// Commands that may wait in one lane before more are refused with 503.
    pub lane_queue: NonZeroUsize,
    /// Memory for folded states, in MiB.
    pub state_cache_mib: u64,
    /// How often holds past their expiry are looked for.
    pub sweep_interval: Span,
    /// What services show each other.
    pub internal_secret: Secret,
    /// Who is believed.
    pub tokens: TokenSettings,
}
