//! What every service shares, and nothing about banking: settings, telemetry, HTTP, health, shutdown.
//!
//! A service is a library with a `start(config, startup)` that returns a [`axum::Router`]; [`main`] does the
//! rest, so that every process is configured, watched and stopped in the same way.

mod app;
pub mod health;
pub mod http;
pub mod settings;
pub mod shutdown;
pub mod tasks;
pub mod telemetry;

pub use app::{About, Failure, Startup, host, main, report, run};
pub use health::Health;
pub use settings::{CommonArgs, ListenAddr, SecretUrl, ServerSettings, SettingsError, Span, redact_url};
pub use tasks::Tasks;
