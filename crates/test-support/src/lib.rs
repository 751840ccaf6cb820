//! For tests only: real servers, conditions to wait for, and processes that end with the test.

#![expect(clippy::panic, clippy::expect_used, reason = "a test helper fails the test by panicking")]

#[cfg(feature = "otlp")]
mod collector;
mod condition;
mod process;
mod servers;
mod tokens;

#[cfg(feature = "otlp")]
pub use collector::{CollectedSpan, Collector};
pub use condition::{eventually, eventually_within};
pub use process::{Service, sibling_binary};
pub use servers::{fresh_database_name, kafka_brokers, mongo_url, postgres_url};
pub use tokens::TestTokens;
