//! The audit log keeps its promises on each database.

#![expect(clippy::expect_used, reason = "a failed expectation fails the test")]

mod contract;
mod place;
