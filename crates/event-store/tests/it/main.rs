//! One contract suite for every backend, and what each backend promises besides.

#![cfg(any(feature = "postgres", feature = "sqlite"))]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod backend;
mod clock;
mod contract;
mod forgetful;
mod open;
#[cfg(feature = "postgres")]
mod postgres;
mod shelf;
#[cfg(feature = "sqlite")]
mod sqlite;
