//! The domain, specified from outside: given the past, when a command arrives, then these events.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what it relies on and stops when that is not so, in its helpers too"
)]

mod account;
mod bulk_transfer;
mod command_id;
mod customer;
mod fixtures;
mod given;
mod golden;
mod golden_snapshots;
mod ledger;
mod model;
mod money;
mod order;
mod text;
mod transfer;
mod upcasting;
