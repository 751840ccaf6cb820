//! Integration tests of the account-history service: the contract of the stores, the projector, rebuilding, HTTP.

#[macro_use]
mod stores;

mod contract;
#[cfg(feature = "distributed")]
mod dead_letters;
mod http;
mod owners;
mod past;
mod projector;
mod rebuild;
mod service;
mod world;
