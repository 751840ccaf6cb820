//! Why a process ended, for people and for scripts.

use std::error::Error;
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

    /// What `start` came back with, with everything that caused it.
    pub(super) fn of(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let error = match error.into().downcast::<SettingsError>() {
            Ok(settings) => return Self::Settings(*settings),
            Err(error) => error,
        };
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            // Many errors repeat their cause in their own text.
            let reason = error.to_string();
            if !text.contains(&reason) {
                text = format!("{text}: {reason}");
            }
            cause = error.source();
        }
        Self::Start(text)
    }

    pub(super) fn log(reason: String) -> Self {
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
    let line = failure
        .to_string()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    // There is nobody left to tell when stderr is closed.
    let _ = writeln!(std::io::stderr(), "{name}: {line}");
    failure.exit_code()
}
