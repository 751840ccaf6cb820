//! The domain, specified from outside: given the past, when a command arrives, then these events.

mod account;
mod command_id;
mod fixtures;
mod given;
mod golden;
mod ledger;
mod model;
mod money;
mod text;
mod transfer;
mod upcasting;
