//! The settings of the transfers service; `default.toml` explains each.

use serde::Deserialize;
use service_kit::settings::{ListenAddr, Span};

/// The commented defaults, under every other source of settings.
pub const DEFAULTS: &str = include_str!("default.toml");

/// The settings of the transfers service.
#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    /// Where to serve HTTP.
    pub listen: ListenAddr,
    /// The event store.
    pub store: String,
    /// The bus.
    pub bus: String,
    /// The consumer group that reads the accounts' answers.
    pub subscription_id: String,
    /// A snapshot after so many events of a transfer.
    pub snapshot_every: u32,
    /// How long a transfer may take before it is given up.
    pub deadline: Span,
    /// How often transfers past their deadline are looked for.
    pub sweep_interval: Span,
    /// How long an account may take to answer the sweeper before it asks again.
    pub sweep_retry: Span,
    /// The longest request body, in bytes.
    pub body_limit: usize,
    /// The longest a request may take.
    pub request_timeout: Span,
    /// How long requests may go on after a signal to stop.
    pub drain: Span,
    /// What is logged.
    pub log: String,
    /// How it is logged.
    pub log_format: String,
}
