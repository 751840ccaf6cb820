//! The contract of subscriptions, on every bus.

mod flow;
mod gaps;
mod letters;
mod trouble;
