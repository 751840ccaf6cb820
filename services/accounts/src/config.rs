//! The settings of the accounts service; `default.toml` explains each.

use serde::Deserialize;
use service_kit::settings::{ListenAddr, Span};

/// The commented defaults, under every other source of settings.
pub const DEFAULTS: &str = include_str!("default.toml");

/// The settings of the accounts service.
#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    /// Where to serve HTTP.
    pub listen: ListenAddr,
    /// The event store.
    pub store: String,
    /// The bus.
    pub bus: String,
    /// The consumer group that reads transfer events.
    pub subscription_id: String,
    /// A snapshot after so many events of an account.
    pub snapshot_every: u32,
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
