//! The audit log: who asked for what, on what, and what came of it, for each decision on access or money.
//!
//! It is append-only and a chain: each entry carries a hash over itself and the hash before it, so that whoever changes,
//! removes or inserts one has to rewrite all that follow. [`AuditLog::verify`] recomputes the chain. A cut at its end, and
//! a chain that was rewritten as a whole, show only beside a hash that was noted elsewhere: note the head now and then,
//! and hand it to `verify`.
//!
//! Invariant: an entry names people and things by id alone; no name, address or text of anybody is in it, so nothing in
//! it has to be forgotten.

mod chain;
mod entry;
mod log;
mod open;
mod verify;
mod writer;

pub use chain::Hash;
pub use entry::{Decision, Entry};
pub use log::{AuditError, AuditLog, Filter};
pub use verify::{Fault, Verified};
