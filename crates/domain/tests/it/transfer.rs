//! The rules of a transfer.

mod answers;
mod cancellation;
mod creation;
mod deadline;
mod events;
mod intervention;
mod lines;
mod refusal;
mod reversal;
mod saga;
