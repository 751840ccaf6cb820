//! Tokens and keys, from outside: everything goes through the verifier, and keys come over real HTTP.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod forge;
mod forged;
mod keys;
mod mutated;
mod publisher;
mod redaction;
mod remote;
mod times;
