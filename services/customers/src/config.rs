//! The settings of the customers service; `default.toml` explains each, and service-kit's `tokens.toml` those of `[tokens]`.

use std::num::NonZeroUsize;

use serde::Deserialize;
use service_kit::settings::{SecretUrl, Span, TokenSettings};

/// The commented defaults, under every other source of settings.
pub const DEFAULTS: &str = concat!(
    include_str!("default.toml"),
    "\n",
    include_str!("../../../crates/service-kit/src/settings/tokens.toml"),
);

/// The settings of the customers service.
#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    /// The event store.
    pub store: SecretUrl,
    /// The audit log.
    pub audit: SecretUrl,
    /// The bus.
    pub bus: SecretUrl,
    /// Keys, passwords and sessions: what is destroyed to forget somebody.
    pub vault: SecretUrl,
    /// The consumer group that reads account events.
    pub subscription_id: String,
    /// A snapshot after so many events of a customer.
    pub snapshot_every: u32,
    /// Commits that can be under way at the same time.
    pub lanes: NonZeroUsize,
    /// Commands that may wait in one lane before more are refused with 503.
    pub lane_queue: NonZeroUsize,
    /// Memory for folded states, in MiB.
    pub state_cache_mib: u64,
    /// How long after signing in a customer must sign in again.
    pub session_lifetime: Span,
    /// How often is looked for what a crash or a client left half done.
    pub sweep_interval: Span,
    /// How passwords are hashed.
    pub passwords: PasswordSettings,
    /// Who is believed, and whose tokens this process issues.
    pub tokens: TokenSettings,
}

/// How passwords are hashed: argon2id with one lane.
#[derive(Debug, Clone, Deserialize)]
pub struct PasswordSettings {
    /// Memory for one, in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub iterations: u32,
    /// How many are hashed at once.
    pub at_once: NonZeroUsize,
}
