//! Puts the layers on top of each other and explains what does not fit.

mod files;
mod known;

use std::path::{Path, PathBuf};

use figment::providers::{Format, Toml};
use figment::value::{Dict, Map};
use figment::{Figment, Metadata, Profile, Provider};
use serde::de::DeserializeOwned;

use super::{CommonArgs, SettingsError};
use known::KnownSettings;

const DEFAULTS: &str = "built-in defaults";
const ENVIRONMENT: &str = "environment variable";
const ENVIRONMENT_FILE: &str = "file named by an environment variable";
const FLAG: &str = "flag";
const SET: &str = "--set";

/// The settings of one service: `defaults_toml` is its commented defaults file, `environment` the process's
/// variables (only `BANK_…` ones are looked at; a variable that is no setting of this service is ignored,
/// because services share an environment). A table's key is written `table.key`, its variable `BANK_TABLE_KEY`;
/// `BANK_TABLE_KEY_FILE` names a file with the value, for secrets that are handed over as files.
///
/// # Errors
/// [`SettingsError`], one line, for the first mistake.
pub fn load<C: DeserializeOwned>(
    defaults_toml: &str,
    args: &CommonArgs,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<C, SettingsError> {
    let known = KnownSettings::of(defaults_toml)?;
    let environment: Vec<_> = environment.into_iter().collect();
    let mut figment = Figment::from(Named::new(DEFAULTS, known.defaults().clone()));
    if let Some(path) = config_path(args, &environment) {
        figment = figment.merge(file_layer(&known, &path)?);
    }
    figment = figment
        .merge(Named::new(ENVIRONMENT, environment_layer(&known, &environment)))
        .merge(Named::new(ENVIRONMENT_FILE, files::layer(&known, &environment)?))
        .merge(Named::new(FLAG, flag_layer(&known, args)?))
        .merge(Named::new(SET, set_layer(&known, args)?));
    figment.extract().map_err(explain)
}

/// Whether the defaults file has this setting.
pub(crate) fn has_setting(defaults_toml: &str, key: &str) -> bool {
    KnownSettings::of(defaults_toml).is_ok_and(|known| known.contains(key))
}

/// Variables that are no setting but whose name is close to one: `(written, meant)`. Worth a warning.
#[must_use]
pub fn misspelt_variables(
    defaults_toml: &str,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Vec<(String, String)> {
    let Ok(known) = KnownSettings::of(defaults_toml) else {
        return Vec::new();
    };
    environment
        .into_iter()
        .filter(|(name, _)| name.starts_with("BANK_") && known.key_of_variable(name).is_none())
        .filter(|(name, _)| files::key_of_variable(&known, name).is_none())
        .filter_map(|(name, _)| known.closest_variable(&name).map(|meant| (name, meant)))
        .collect()
}

/// A flag wins over the variable, as for every other setting.
fn config_path(args: &CommonArgs, environment: &[(String, String)]) -> Option<PathBuf> {
    let variable = || {
        let (_, value) = environment.iter().find(|(name, _)| name == "BANK_CONFIG")?;
        (!value.is_empty()).then(|| PathBuf::from(value))
    };
    args.config.clone().or_else(variable)
}

fn file_layer(known: &KnownSettings, path: &Path) -> Result<Named, SettingsError> {
    let shown = path.display().to_string();
    let broken = |reason: String| SettingsError::File { path: shown.clone(), reason: one_line(&reason) };
    let text = std::fs::read_to_string(path).map_err(|error| broken(error.to_string()))?;
    let table = parse(&text).map_err(broken)?;
    let origin = format!("settings file {shown}");
    known.check(&table, &origin)?;
    Ok(Named::new(&origin, table))
}

fn environment_layer(known: &KnownSettings, environment: &[(String, String)]) -> Dict {
    let mut layer = Dict::new();
    for (name, value) in environment {
        if let Some(key) = known.key_of_variable(name) {
            known.put(&mut layer, key, value);
        }
    }
    layer
}

fn flag_layer(known: &KnownSettings, args: &CommonArgs) -> Result<Dict, SettingsError> {
    let mut layer = Dict::new();
    for (key, value) in args.given() {
        // No guess here: the flag exists, this service just has no use for it.
        if !known.contains(key) {
            let origin = format!("--{}", key.replace('_', "-"));
            return Err(SettingsError::Unknown { key: key.to_owned(), origin, closest: None });
        }
        known.put(&mut layer, key, &value);
    }
    Ok(layer)
}

fn set_layer(known: &KnownSettings, args: &CommonArgs) -> Result<Dict, SettingsError> {
    let mut layer = Dict::new();
    for assignment in &args.set {
        let Some((key, value)) = assignment.split_once('=') else {
            return Err(SettingsError::NotKeyValue(assignment.clone()));
        };
        known.require(key.trim(), SET)?;
        known.put(&mut layer, key.trim(), value.trim());
    }
    Ok(layer)
}

fn explain(error: figment::Error) -> SettingsError {
    let key = error.path.join(".");
    let layer = error.metadata.as_ref().map_or(DEFAULTS, |metadata| metadata.name.as_ref());
    let origin = match layer {
        ENVIRONMENT => format!("{ENVIRONMENT} {}", known::variable(&key)),
        ENVIRONMENT_FILE => files::origin(&key),
        FLAG => format!("--{}", key.replace('_', "-")),
        SET => format!("{SET} {key}"),
        other => other.to_owned(),
    };
    SettingsError::Value { key, origin, reason: one_line(&error.kind.to_string()) }
}

fn one_line(text: &str) -> String {
    text.split('\n').map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}

/// A table under the name of its layer, by which an error finds its origin again.
struct Named {
    name: String,
    table: Dict,
}

impl Named {
    fn new(name: &str, table: Dict) -> Self {
        Self { name: name.to_owned(), table }
    }
}

impl Provider for Named {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.table.clone()))
    }
}

/// Parses TOML; the error is the parser's own text.
fn parse(text: &str) -> Result<Dict, String> {
    let mut profiles = Toml::string(text).data().map_err(|error| error.kind.to_string())?;
    Ok(profiles.remove(&Profile::Default).unwrap_or_default())
}

#[cfg(test)]
mod tests;
