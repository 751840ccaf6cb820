//! What every service shares, and nothing about banking: settings, telemetry, HTTP, health, shutdown.
//!
//! A service is a library with a `start(config, tasks)` that returns an [`App`]; [`main`] does the
//! rest, so that every process is configured, watched and stopped in the same way.

mod app;
#[cfg(feature = "commands")]
pub mod backends;
#[cfg(feature = "commands")]
pub mod command;
pub mod health;
#[cfg(feature = "commands")]
pub mod history;
pub mod http;
pub mod openapi;
#[cfg(feature = "commands")]
pub mod owned_streams;
pub mod settings;
pub mod shutdown;
pub mod tasks;
pub mod telemetry;

pub use app::{
    About, App, Failure, HistoryArgs, ask_readiness, host, main, main_with_stores, report, run, run_migration,
};
/// Who calls, and how a token becomes a caller.
pub use audit;
pub use health::Health;
pub use identity;
pub use settings::{
    CommonArgs, ListenAddr, SecretUrl, ServerSettings, SettingsError, Span, TokenSettings, redact_url,
};
pub use tasks::Tasks;
