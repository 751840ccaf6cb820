//! Integration tests of the account-history service: the contract of the stores, the projector, rebuilding, HTTP.

#![cfg(feature = "embedded")]
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints its seed"
)]

#[macro_use]
mod stores;

mod contract;
mod curve;
#[cfg(feature = "distributed")]
mod dead_letters;
mod http;
mod owners;
mod past;
mod process;
mod projector;
mod rebuild;
mod service;
mod statement;
mod world;
