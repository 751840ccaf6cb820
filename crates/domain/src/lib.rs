//! The bank's rules: accounts, transfers, money. Pure code, no I/O, no clock, no randomness.
//!
//! Start with [`aggregate`], which says what an aggregate is; then [`account`] and [`transfer`], the two that
//! the bank has; then [`transfer::saga`], the list of which command follows which event.

pub mod account;
pub mod aggregate;
pub mod command_id;
pub mod event;
pub mod ids;
pub mod money;
pub mod text;
pub mod transfer;
mod words;

pub use aggregate::Aggregate;
pub use event::DomainEvent;
