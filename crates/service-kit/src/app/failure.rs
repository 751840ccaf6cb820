//! Why a process ended, for people and for scripts.

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use thiserror::Error;

use crate::settings::SettingsError;

/// Why a service did not start.
#[derive(Debug, Error)]
pub enum Failure {
    /// The settings are wrong: exit status 2, as for a wrong flag.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Something that the service needs is missing: exit status 1.
    #[error("{0}")]
    Start(String),
}

impl Failure {
    /// The service could not start for another reason than its settings.
    pub fn start(reason: impl Display) -> Self {
        Self::Start(reason.to_string())
    }

    /// What `start` came back with, and everything that caused it.
    pub(super) fn of(error: impl Into<anyhow::Error>) -> Self {
        let error = match error.into().downcast::<Self>() {
            Ok(failure) => return failure,
            Err(error) => error,
        };
        let error = match error.downcast::<SettingsError>() {
            Ok(settings) => return Self::Settings(settings),
            Err(error) => error,
        };
        let mut text = String::new();
        for reason in error.chain().map(ToString::to_string) {
            if text.is_empty() {
                text = reason;
            } else if !text.contains(&reason) {
                // Many errors repeat their cause in their own text.
                text = format!("{text}: {reason}");
            }
        }
        Self::Start(text)
    }

    pub(crate) fn log(reason: String) -> Self {
        Self::Settings(SettingsError::invalid("log", reason))
    }

    /// What the process should end with.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Settings(_) => ExitCode::from(2),
            Self::Start(_) => ExitCode::FAILURE,
        }
    }
}

/// Writes one line to stderr when there was a failure, and gives the exit status.
pub fn report(name: &str, outcome: Result<(), Failure>) -> ExitCode {
    let Err(failure) = outcome else {
        return ExitCode::SUCCESS;
    };
    let line = failure.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    // There is nobody left to tell when stderr is closed.
    let _ = writeln!(std::io::stderr(), "{name}: {line}");
    failure.exit_code()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_that_fails_tells_all_causes_once() {
        let cause = anyhow::anyhow!("no route to host").context("connecting to h:1").context("the store");
        assert_eq!(Failure::of(cause).to_string(), "the store: connecting to h:1: no route to host");
        let repeating = anyhow::anyhow!("no route to host").context("cannot connect: no route to host");
        assert_eq!(Failure::of(repeating).to_string(), "cannot connect: no route to host");
    }

    #[test]
    fn settings_found_wrong_later_are_still_settings() {
        let late = SettingsError::invalid("a", "b");
        assert!(matches!(Failure::of(late.clone()), Failure::Settings(_)));
        assert!(matches!(Failure::of(Failure::from(late)), Failure::Settings(_)));
    }
}
