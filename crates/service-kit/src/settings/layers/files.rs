//! `BANK_STORE_FILE` names a file with the value of `store`: containers are handed their secrets as files, and what is
//! in a file shows in no list of processes and no description of a container.

use figment::value::Dict;

use super::super::SettingsError;
use super::ENVIRONMENT;
use super::known::{KnownSettings, variable};

const SUFFIX: &str = "_FILE";

/// The values that lie in files. A setting that is given both ways is a mistake, not a question of order.
pub(super) fn layer(known: &KnownSettings, environment: &[(String, String)]) -> Result<Dict, SettingsError> {
    let mut layer = Dict::new();
    for (name, path) in environment.iter().filter(|(_, path)| !path.is_empty()) {
        let Some(key) = key_of_variable(known, name) else { continue };
        let wrong = |reason| SettingsError::Value { key: key.to_owned(), origin: origin(key), reason };
        let plain = variable(key);
        if environment.iter().any(|(other, _)| *other == plain) {
            return Err(wrong(format!("{plain} is set as well; set one of the two")));
        }
        let text = std::fs::read_to_string(path).map_err(|error| wrong(format!("{path}: {error}")))?;
        // Editors and `echo` end a file with a line break, which is no part of a secret.
        known.put(&mut layer, key, text.trim_end_matches(['\r', '\n']));
    }
    Ok(layer)
}

/// The setting whose value lies in the file that this variable names. A setting may itself end in `_file`.
pub(super) fn key_of_variable<'a>(known: &'a KnownSettings, name: &str) -> Option<&'a str> {
    match known.key_of_variable(name) {
        Some(_) => None,
        None => known.key_of_variable(name.strip_suffix(SUFFIX)?),
    }
}

/// Where such a value came from, for an explanation.
pub(super) fn origin(key: &str) -> String {
    format!("{ENVIRONMENT} {}{SUFFIX}", variable(key))
}
