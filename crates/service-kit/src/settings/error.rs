//! What can be wrong with settings, in one line each.

use thiserror::Error;

/// Why a service cannot start with these settings.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SettingsError {
    /// There is no such setting.
    #[error("{origin}: unknown setting `{key}`{}", suggestion(.closest.as_deref()))]
    Unknown {
        /// What was written.
        key: String,
        /// Where it was written.
        origin: String,
        /// The known setting with the most similar name, if one is similar.
        closest: Option<String>,
    },
    /// A value is not what the setting takes.
    #[error("{origin}: setting `{key}`: {reason}")]
    Value {
        /// The setting.
        key: String,
        /// The flag, environment variable or file that the value came from.
        origin: String,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// `--set` without `KEY=VALUE`.
    #[error("--set {0}: write --set KEY=VALUE, such as --set log=debug")]
    NotKeyValue(String),
    /// The settings file cannot be used.
    #[error("settings file {path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The service's built-in defaults are broken: a mistake in the program.
    #[error("built-in defaults: {0}")]
    Defaults(String),
}

impl SettingsError {
    /// For a service's own checks, once the types are right: `reason` says what would be right.
    #[must_use]
    pub fn invalid(key: &str, reason: impl Into<String>) -> Self {
        Self::Value { key: key.to_owned(), origin: "settings".to_owned(), reason: reason.into() }
    }
}

fn suggestion(closest: Option<&str>) -> String {
    closest.map(|key| format!("; did you mean `{key}`?")).unwrap_or_default()
}
