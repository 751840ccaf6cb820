//! Integration tests: one contract for every bus and every store of dead letters, and the relay.
//!
//! The embedded backends always run. Kafka and PostgreSQL run when the crate is built with their features;
//! `test_support` finds or starts the servers.

#![expect(
    clippy::expect_used,
    clippy::unimplemented,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking, and its numbers are small"
)]

mod bus;
mod crash;
mod dead_letters;
mod embedded;
#[cfg(feature = "kafka")]
mod kafka;
mod relay;
mod subscription;
mod support;
