//! Layered settings: the service's commented defaults, then a file, then the environment, then flags.
//!
//! A setting is known when the defaults file has it. Everything is checked before anything starts, and a
//! mistake is one line that names the setting, where its value came from, and what would be right.

mod args;
mod audit;
mod error;
mod layers;
mod listen;
mod secret;
mod server;
mod span;
mod tokens;
mod traces;
mod url;

pub use args::CommonArgs;
pub use audit::open_audit;
pub use error::SettingsError;
pub(crate) use layers::has_setting;
pub use layers::{load, misspelt_variables};
pub use listen::ListenAddr;
pub use secret::Secret;
pub use server::ServerSettings;
pub use span::Span;
pub use tokens::{KeysFrom, TOKEN_DEFAULTS, TokenSettings};
pub use traces::{Collector, SampleRatio};
pub use url::{SecretUrl, redact_url};
