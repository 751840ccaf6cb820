//! Which settings exist: the keys of the defaults file, with the type of their default.

use std::collections::BTreeMap;

use figment::value::{Dict, Num, Value};

use super::super::SettingsError;

/// The settings that a service has.
pub(super) struct KnownSettings {
    defaults: Dict,
    /// Dotted key to default.
    leaves: BTreeMap<String, Value>,
}

impl KnownSettings {
    pub(super) fn of(defaults_toml: &str) -> Result<Self, SettingsError> {
        let defaults = super::parse(defaults_toml).map_err(SettingsError::Defaults)?;
        let mut leaves = BTreeMap::new();
        collect("", &defaults, &mut leaves);
        Ok(Self { defaults, leaves })
    }

    pub(super) fn defaults(&self) -> &Dict {
        &self.defaults
    }

    pub(super) fn contains(&self, key: &str) -> bool {
        self.leaves.contains_key(key)
    }

    pub(super) fn key_of_variable(&self, name: &str) -> Option<&str> {
        self.leaves.keys().find(|key| variable(key) == name).map(String::as_str)
    }

    pub(super) fn closest_variable(&self, name: &str) -> Option<String> {
        closest(name, self.leaves.keys().map(|key| variable(key)))
    }

    /// Refuses a key that is no setting.
    pub(super) fn require(&self, key: &str, origin: &str) -> Result<(), SettingsError> {
        if self.contains(key) {
            return Ok(());
        }
        let closest = closest(key, self.leaves.keys().cloned());
        Err(SettingsError::Unknown { key: key.to_owned(), origin: origin.to_owned(), closest })
    }

    /// Refuses a table with a key that is no setting.
    pub(super) fn check(&self, table: &Dict, origin: &str) -> Result<(), SettingsError> {
        let mut written = BTreeMap::new();
        collect("", table, &mut written);
        written.keys().try_for_each(|key| self.require(key, origin))
    }

    /// Puts a value that was written as text into a layer. The default's type says how the text is meant, so
    /// that a password of digits stays a text; what does not fit stays text too and is refused later by name.
    pub(super) fn put(&self, layer: &mut Dict, key: &str, text: &str) {
        let value = match self.leaves.get(key) {
            Some(Value::Num(_, _)) => number(text),
            Some(Value::Bool(_, _)) => text.parse::<bool>().ok().map(Value::from),
            Some(Value::Array(_, _)) => Some(list(text)),
            _ => None,
        };
        let value = value.unwrap_or_else(|| Value::from(text));
        insert(layer, key, value);
    }
}

/// `lanes.count` is `BANK_LANES_COUNT`.
pub(super) fn variable(key: &str) -> String {
    format!("BANK_{}", key.replace(['.', '-'], "_").to_uppercase())
}

fn collect(prefix: &str, table: &Dict, leaves: &mut BTreeMap<String, Value>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            Value::Dict(_, inner) => collect(&key, inner, leaves),
            leaf => {
                leaves.insert(key, leaf.clone());
            }
        }
    }
}

fn insert(layer: &mut Dict, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            layer.insert(key.to_owned(), value);
        }
        Some((table, rest)) => {
            let inner = layer.entry(table.to_owned()).or_insert_with(|| Value::from(Dict::new()));
            if let Value::Dict(_, inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

fn number(text: &str) -> Option<Value> {
    let whole = || text.parse::<i64>().ok().map(Num::I64);
    let fraction = || text.parse::<f64>().ok().map(Num::F64);
    whole().or_else(fraction).map(Value::from)
}

fn list(text: &str) -> Value {
    let items = text.trim_start_matches('[').trim_end_matches(']').split(',');
    let items = items.map(|item| item.trim().trim_matches('"')).filter(|item| !item.is_empty());
    Value::from(items.map(Value::from).collect::<Vec<_>>())
}

/// The candidate that takes the fewest changed letters, if that is few for a name of this length.
fn closest(written: &str, candidates: impl Iterator<Item = String>) -> Option<String> {
    candidates
        .map(|candidate| (distance(written, &candidate), candidate))
        .min()
        .filter(|(distance, _)| *distance <= 2.max(written.len() / 4).min(3))
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance, one row at a time.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
