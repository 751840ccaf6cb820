//! What operators look at when somebody asks where their money is: events as they come, one transfer over all services,
//! transfers that do not get on, and messages that nobody could handle.
//!
//! Invariant: everything here only reads, except for an intervention, which is a command to a transfer like any other, and
//! a redrive.

pub(crate) mod dead_letters;
pub(crate) mod events;
mod facts;
mod intervening;
mod stop;
pub(crate) mod stuck;
pub(crate) mod transfer;
mod words;

use std::io::{self, Write};

use service_kit::Failure;

/// Writes a line at once; false when whoever reads has read enough.
fn put(line: &str) -> Result<bool, Failure> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::start(error)),
    }
}

/// Nothing has this id.
fn unknown(what: &str, id: uuid::Uuid) -> Failure {
    Failure::start(format!("there is no {what} with the id {id}"))
}

fn failed(error: impl Into<anyhow::Error>) -> Failure {
    Failure::start(format!("{:#}", error.into()))
}
