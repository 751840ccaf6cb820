//! The bank's rules: accounts, transfers, customers, money. Pure code, no I/O, no clock, no randomness.
//!
//! Start with [`aggregate`], which says what an aggregate is; then [`account`] and [`transfer`], between which money
//! moves; then [`transfer::saga`], the list of which command follows which event, and [`bulk_transfer`], many transfers
//! that begin with one debit. [`order`] asks for transfers on dates to come; [`customer`] stands for itself.

pub mod account;
pub mod aggregate;
pub mod aggregates;
pub mod bulk_transfer;
pub mod command_id;
pub mod customer;
pub mod event;
pub mod ids;
pub mod money;
pub mod order;
#[cfg(feature = "schema")]
pub mod schema;
pub mod text;
pub mod transfer;
mod words;

pub use aggregate::Aggregate;
pub use event::DomainEvent;
