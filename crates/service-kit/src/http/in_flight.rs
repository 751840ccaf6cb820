//! Keys whose first request is still at work.
//!
//! The store already gives a command one effect, however often it comes. What it cannot do is answer a repetition while
//! the first request waits (for a commit, or for the end of a transfer): that one is told so instead of waiting too.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

use super::Problem;

/// The commands with an `Idempotency-Key` that this process is answering.
#[derive(Clone, Default)]
pub(crate) struct InFlight {
    commands: Arc<Mutex<HashSet<Uuid>>>,
}

/// While it lives, nobody else answers the same command.
#[derive(Debug)]
pub(crate) struct Answering {
    command: Uuid,
    commands: Arc<Mutex<HashSet<Uuid>>>,
}

impl InFlight {
    /// Takes the command in hand.
    ///
    /// # Errors
    /// `idempotency-key-in-use` when another request has it in hand.
    pub(crate) fn begin(&self, command: Uuid) -> Result<Answering, Problem> {
        let is_first = self.commands.lock().unwrap_or_else(PoisonError::into_inner).insert(command);
        if !is_first {
            return Err(Problem::idempotency_key_in_use());
        }
        Ok(Answering { command, commands: Arc::clone(&self.commands) })
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.commands.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.command);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_in_one_hand_at_a_time() {
        let (in_flight, command) = (InFlight::default(), Uuid::from_u128(1));
        let first = in_flight.begin(command).unwrap();
        assert_eq!(in_flight.begin(command).unwrap_err().code(), "idempotency-key-in-use");
        let _other = in_flight.begin(Uuid::from_u128(2)).unwrap();
        drop(first);
        let _again = in_flight.begin(command).unwrap();
    }
}
