//! The settings of the transfers service; `default.toml` explains each, and service-kit's `tokens.toml` those of `[tokens]`.

use std::num::NonZeroUsize;

use serde::Deserialize;
use service_kit::settings::{Secret, SecretUrl, Span, TokenSettings};

/// The commented defaults, under every other source of settings.
pub const DEFAULTS: &str = concat!(
    include_str!("default.toml"),
    "\n",
    include_str!("../../../crates/service-kit/src/settings/tokens.toml"),
);

/// The settings of the transfers service.
#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    /// The event store.
    pub store: SecretUrl,
    /// The audit log.
    pub audit: SecretUrl,
    /// The bus.
    pub bus: SecretUrl,
    /// The consumer group that reads the accounts' answers, and which orders are due.
    pub subscription_id: String,
    /// A snapshot after so many events of a transfer.
    pub snapshot_every: u32,
    /// Commits that can be under way at the same time.
    pub lanes: NonZeroUsize,
    /// Commands that may wait in one lane before more are refused with 503.
    pub lane_queue: NonZeroUsize,
    /// Memory for folded states, in MiB: so much for transfers, and so much for orders.
    pub state_cache_mib: u64,
    /// How long a transfer may take before it is given up.
    pub deadline: Span,
    /// How often transfers past their deadline are looked for, and orders that are due.
    pub sweep_interval: Span,
    /// How long an account may take to answer the sweeper before it asks again.
    pub sweep_retry: Span,
    /// The accounts service, which is asked what would become of a transfer.
    pub accounts_url: String,
    /// What services show each other.
    pub internal_secret: Secret,
    /// Who is believed.
    pub tokens: TokenSettings,
}
