//! The gateway in front of a service that the test plays itself.

mod forwarding;
mod process;
mod refusals;
mod stage;
