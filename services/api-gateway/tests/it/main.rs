//! The gateway in front of a service that the test plays itself.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test by panicking")]

mod document;
mod forwarding;
mod process;
mod refusals;
mod stage;
