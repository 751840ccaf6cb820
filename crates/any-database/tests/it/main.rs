//! What is promised of a database, whichever it is.

#![expect(clippy::expect_used, reason = "a failed expectation fails the test")]

mod addresses;
mod contract;
