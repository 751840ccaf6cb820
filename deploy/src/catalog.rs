//! The services that have images, as `docker/services.toml` lists them, and how each is set up in a container.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::DeployError;

/// One real request, and the status of its answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// `GET` or `POST`.
    pub method: String,
    /// The path, with a query where it has one.
    pub path: String,
    /// What the answer's status must be.
    pub status: u16,
    /// A JSON body.
    pub body: Option<String>,
}

/// What an image is in a deployed bank.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// One of its services, which the others reach inside its network.
    #[default]
    Service,
    /// The one service that is reached from outside.
    Edge,
    /// No part of it: what people run beside it.
    Tool,
}

/// A service of the list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Servers that must run, or other services.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Services that are deployed before this one, where they are deployed together.
    #[serde(default)]
    pub after: Vec<String>,
    /// What it is in a deployed bank: a service of it unless it says otherwise.
    #[serde(default)]
    pub role: Role,
    /// Secrets that are the URL of a database of the service's own.
    #[serde(default)]
    pub databases: Vec<String>,
    /// Secrets that are a random word.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// Whether it reads events, so that its images must read what was ever written.
    #[serde(default = "reads_events")]
    pub events: bool,
    /// What the smoke test asks.
    pub request: Request,
}

/// All of them.
#[derive(Debug, Clone)]
pub struct Catalog {
    entries: BTreeMap<String, Entry>,
    settings: PathBuf,
}

impl Catalog {
    /// Reads `docker/services.toml` below `root`.
    ///
    /// # Errors
    /// [`DeployError::File`] when it cannot be read or is wrong.
    pub fn read(root: &Path) -> Result<Self, DeployError> {
        let path = root.join("docker/services.toml");
        let text = fs::read_to_string(&path).map_err(|error| DeployError::file(&path, error))?;
        let entries: BTreeMap<String, Entry> =
            toml::from_str(&text).map_err(|error| DeployError::file(&path, one_line(&error.to_string())))?;
        Ok(Self { entries, settings: root.join("docker/settings") })
    }

    /// The service of this name.
    #[must_use]
    pub fn get(&self, service: &str) -> Option<&Entry> {
        self.entries.get(service)
    }

    /// Every name, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// The services of a deployed bank, each after those that it needs or comes after; alphabetical where that leaves a
    /// choice.
    #[must_use]
    pub fn deployed(&self) -> Vec<&str> {
        let mut ordered: Vec<&str> = Vec::new();
        for name in self.names().filter(|name| self.entries[*name].role != Role::Tool) {
            self.put_behind_its_needs(name, &mut ordered, &mut Vec::new());
        }
        ordered
    }

    fn put_behind_its_needs<'a>(
        &'a self,
        name: &'a str,
        ordered: &mut Vec<&'a str>,
        above: &mut Vec<&'a str>,
    ) {
        // Who is above itself is in a circle, which is cut there.
        let Some(entry) =
            self.entries.get(name).filter(|_| !ordered.contains(&name) && !above.contains(&name))
        else {
            return;
        };
        above.push(name);
        for need in entry.after.iter().chain(&entry.needs) {
            self.put_behind_its_needs(need, ordered, above);
        }
        above.pop();
        ordered.push(name);
    }

    /// The environment of a service or a server in a container: `docker/settings/NAME.env`.
    ///
    /// # Errors
    /// [`DeployError::File`] when the file cannot be read or a line is no `KEY=VALUE`.
    pub fn environment(&self, name: &str) -> Result<BTreeMap<String, String>, DeployError> {
        let path = self.settings.join(format!("{name}.env"));
        let text = fs::read_to_string(&path).map_err(|error| DeployError::file(&path, error))?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let pair = |line: &str| {
            let (key, value) = line.split_once('=')?;
            Some((key.to_owned(), value.to_owned()))
        };
        lines
            .map(|line| {
                pair(line).ok_or_else(|| DeployError::file(&path, format!("`{line}` is no KEY=VALUE")))
            })
            .collect()
    }
}

fn reads_events() -> bool {
    true
}

/// The words of a message of several lines.
pub(crate) fn one_line(text: &str) -> String {
    text.split('\n').map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository() -> &'static Path {
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
    }

    fn written(services: &str) -> (tempfile::TempDir, Result<Catalog, DeployError>) {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("docker/settings")).unwrap();
        fs::write(root.path().join("docker/services.toml"), services).unwrap();
        let read = Catalog::read(root.path());
        (root, read)
    }

    #[test]
    fn every_service_is_set_up_from_the_secrets_that_it_lists() {
        let catalog = Catalog::read(repository()).unwrap();
        for name in catalog.names() {
            let entry = catalog.get(name).unwrap();
            let environment = catalog.environment(name).unwrap();
            let files = environment.iter().filter(|(key, _)| key.ends_with("_FILE"));
            let mut wanted: Vec<_> =
                files.map(|(_, path)| path.strip_prefix("/run/secrets/").unwrap().to_owned()).collect();
            let mut listed = [entry.databases.clone(), entry.secrets.clone()].concat();
            wanted.sort();
            listed.sort();
            assert_eq!(wanted, listed, "{name}");
        }
    }

    #[test]
    fn every_need_is_a_server_or_a_service() {
        let catalog = Catalog::read(repository()).unwrap();
        for need in catalog
            .names()
            .map(|name| catalog.get(name).unwrap())
            .flat_map(|entry| entry.needs.iter().chain(&entry.after))
        {
            assert!(
                ["postgres", "kafka", "mongo"].contains(&need.as_str()) || catalog.get(need).is_some(),
                "{need}"
            );
        }
    }

    #[test]
    fn services_are_deployed_after_those_that_they_need_and_the_edge_last() {
        let catalog = Catalog::read(repository()).unwrap();
        let order = catalog.deployed();
        let place = |name| order.iter().position(|other| *other == name).unwrap();
        assert!(
            place("customers") < place("accounts") && place("accounts") < place("transfers"),
            "{order:?}"
        );
        assert_eq!(order.last(), Some(&"api-gateway"));
        assert!(!order.contains(&"bank"), "{order:?}");
    }

    #[test]
    fn a_circle_of_needs_has_an_order_all_the_same() {
        let request = "request = { method = \"GET\", path = \"/\", status = 200 }";
        let (_root, read) =
            written(&format!("[a]\nneeds = [\"b\"]\n{request}\n[b]\nafter = [\"a\"]\n{request}\n"));
        assert_eq!(read.unwrap().deployed(), ["b", "a"]);
    }

    #[test]
    fn a_list_that_is_wrong_is_told_in_one_line() {
        let (_root, read) = written("[accounts]\nneed = []\n");
        let text = read.unwrap_err().to_string();
        assert!(
            text.contains("docker/services.toml") && text.contains("need") && !text.contains('\n'),
            "{text}"
        );
    }

    #[test]
    fn a_setting_is_a_key_and_a_value() {
        let (root, read) = written("");
        let catalog = read.unwrap();
        fs::write(root.path().join("docker/settings/a.env"), "# why\n\nBANK_BUS=kafka://k:1?a=b\n").unwrap();
        fs::write(root.path().join("docker/settings/b.env"), "BANK_BUS\n").unwrap();
        assert_eq!(catalog.environment("a").unwrap()["BANK_BUS"], "kafka://k:1?a=b");
        assert!(catalog.environment("b").unwrap_err().to_string().ends_with("`BANK_BUS` is no KEY=VALUE"));
        assert!(catalog.environment("c").is_err());
    }
}
