//! The desired state: what somebody wrote down that should run, and where.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::catalog::{Catalog, Role, one_line};
use crate::error::DeployError;

/// Longer names of containers are no names of hosts.
const LONGEST_NAME: usize = 32;

/// An environment, as a file describes it; see `deploy/environments/local.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Desired {
    /// Begins the name of everything that is deployed.
    pub name: String,
    /// The network of the servers.
    pub network: String,
    /// The folder of the secrets, below the repository.
    pub secrets: PathBuf,
    /// Where images are pulled from.
    pub registry: String,
    /// Where the edge is reached.
    pub bind: SocketAddr,
    /// What is to run, by service.
    pub services: BTreeMap<String, Wanted>,
    /// What services are told besides their settings.
    #[serde(default)]
    pub environment: BTreeMap<String, BTreeMap<String, String>>,
}

/// Which image of a service is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum Wanted {
    /// The one with this tag.
    Version(String),
    /// The one with this digest, `sha256:…`.
    Digest(String),
    /// The one that was published last.
    Published,
}

impl TryFrom<String> for Wanted {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "published" {
            return Ok(Self::Published);
        }
        if let Some(hex) = text.strip_prefix("sha256:") {
            let is_digest =
                hex.len() == 64 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            return is_digest
                .then(|| Self::Digest(text.clone()))
                .ok_or_else(|| format!("`{text}` is no digest; write sha256: and 64 hexadecimal digits"));
        }
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let is_tag = text.bytes().next().is_some_and(letter)
            && text.len() <= 128
            && text.bytes().all(|byte| letter(byte) || matches!(byte, b'.' | b'-'));
        is_tag.then(|| Self::Version(text.clone())).ok_or_else(|| {
            format!("`{text}` is no version; write something like 1.4.0, a digest (sha256:…) or published")
        })
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(text) | Self::Digest(text) => f.write_str(text),
            Self::Published => f.write_str("published"),
        }
    }
}

impl Desired {
    /// Reads the file, and puts each of `changes` (`SERVICE=VERSION`) in the place of its line.
    ///
    /// # Errors
    /// [`DeployError::File`] for a file that cannot be used, [`DeployError::Argument`] for a change.
    pub(crate) fn read(path: &Path, changes: &[String], catalog: &Catalog) -> Result<Self, DeployError> {
        let text = fs::read_to_string(path).map_err(|error| DeployError::file(path, error))?;
        let mut desired = Self::parse(&text).map_err(|reason| DeployError::file(path, reason))?;
        desired.check(catalog).map_err(|reason| DeployError::file(path, reason))?;
        for change in changes {
            let wrong = |reason| DeployError::Argument { flag: "--set".to_owned(), reason };
            let (service, wanted) = change
                .split_once('=')
                .ok_or_else(|| wrong(format!("`{change}` is no change; write SERVICE=VERSION")))?;
            known(service, catalog).map_err(wrong)?;
            let wanted = Wanted::try_from(wanted.to_owned()).map_err(wrong)?;
            desired.services.insert(service.to_owned(), wanted);
        }
        Ok(desired)
    }

    fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| one_line(&error.to_string()))
    }

    fn check(&self, catalog: &Catalog) -> Result<(), String> {
        if self.name.len() > LONGEST_NAME || !plain(&self.name, "-") {
            let name = &self.name;
            return Err(format!(
                "name: `{name}` is no name; write up to {LONGEST_NAME} of a-z, 0-9 and -, such as local"
            ));
        }
        if self.network.is_empty() {
            return Err("network: it is empty; name the network of postgres, kafka and mongo".to_owned());
        }
        if !is_registry(&self.registry) {
            return Err(format!("registry: `{}` is no registry; write HOST[:PORT][/PATH]", self.registry));
        }
        if self.services.is_empty() {
            return Err("services: none is listed; write such as accounts = \"1.4.0\"".to_owned());
        }
        for service in self.services.keys() {
            known(service, catalog).map_err(|reason| format!("services.{service}: {reason}"))?;
        }
        for service in self.environment.keys() {
            known(service, catalog).map_err(|reason| format!("environment.{service}: {reason}"))?;
        }
        Ok(())
    }
}

/// Begins with a letter or digit, and has those and `more`; all of them small.
fn plain(text: &str, more: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.bytes().next().is_some_and(letter)
        && text.bytes().all(|byte| letter(byte) || more.as_bytes().contains(&byte))
}

/// `HOST[:PORT][/PATH]`.
fn is_registry(text: &str) -> bool {
    let (host, path) = text.split_once('/').map_or((text, None), |(host, path)| (host, Some(path)));
    let (host, port) = host.split_once(':').map_or((host, None), |(host, port)| (host, Some(port)));
    plain(host, ".-")
        && port.is_none_or(|port| port.parse::<u16>().is_ok())
        && path.is_none_or(|path| path.split('/').all(|part| plain(part, "._-")))
}

/// Refuses what is no service of a deployed bank.
pub(super) fn known(service: &str, catalog: &Catalog) -> Result<(), String> {
    match catalog.get(service) {
        Some(entry) if entry.role != Role::Tool => Ok(()),
        _ => Err(format!(
            "no deployed service is called `{service}`; there are {}",
            catalog.deployed().join(", ")
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "name = \"local\"\nnetwork = \"n\"\nsecrets = \"s\"\nregistry = \"127.0.0.1:5000\"\n\
                        bind = \"127.0.0.1:80\"\n[services]\naccounts = \"1.4.0\"\n";

    fn catalog() -> Catalog {
        Catalog::read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))).unwrap()
    }

    fn read(text: &str, changes: &[&str]) -> Result<Desired, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("e.toml");
        fs::write(&path, text).unwrap();
        let changes: Vec<_> = changes.iter().map(|change| (*change).to_owned()).collect();
        Desired::read(&path, &changes, &catalog()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_environment_of_this_machine_is_well_formed() {
        let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/environments/local.toml"));
        let desired = Desired::read(path, &[], &catalog()).unwrap();
        let listed: Vec<_> = desired.services.keys().map(String::as_str).collect();
        let mut deployed = catalog().deployed().into_iter().map(str::to_owned).collect::<Vec<_>>();
        deployed.sort();
        assert_eq!(listed, deployed);
    }

    #[test]
    fn a_change_takes_the_place_of_a_line() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let changes = ["accounts=1.5.0", &format!("transfers={digest}"), "customers=published"];
        let services = read(FILE, &changes).unwrap().services;
        assert_eq!(services["accounts"], Wanted::Version("1.5.0".to_owned()));
        assert_eq!(services["transfers"], Wanted::Digest(digest));
        assert_eq!(services["customers"], Wanted::Published);
    }

    #[test]
    fn what_is_wrong_is_told_in_one_line_that_names_the_field() {
        for (from, to, told) in [
            ("name = \"local\"", "name = \"Lo cal\"", "name: `Lo cal` is no name"),
            ("network = \"n\"", "network = \"\"", "network: it is empty"),
            ("network = \"n\"\n", "", "network"),
            ("127.0.0.1:5000", "http://r", "registry: `http://r` is no registry; write HOST"),
            ("127.0.0.1:80", "localhost", "bind"),
            ("accounts = \"1.4.0\"", "", "services: none is listed"),
            ("accounts = \"1.4.0\"", "accounts = 1", "accounts"),
            ("accounts = \"1.4.0\"", "accounts = \"1:4\"", "`1:4` is no version"),
            ("accounts = \"1.4.0\"", "accounts = \"sha256:12\"", "`sha256:12` is no digest"),
            (
                "accounts = ",
                "loans = ",
                "services.loans: no deployed service is called `loans`; there are customers",
            ),
            ("accounts = ", "bank = ", "no deployed service is called `bank`"),
            ("[services]", "nmae = 1\n[services]", "nmae"),
            (
                "[services]",
                "[environment.loans]\nA = \"b\"\n[services]",
                "environment.loans: no deployed service",
            ),
        ] {
            let text = read(&FILE.replace(from, to), &[]).unwrap_err();
            assert!(text.contains(told) && text.contains("e.toml: ") && !text.contains('\n'), "{to}: {text}");
        }
    }

    #[test]
    fn a_change_that_is_wrong_is_told() {
        for (change, told) in [
            ("accounts", "--set: `accounts` is no change; write SERVICE=VERSION"),
            ("loans=1", "--set: no deployed service is called `loans`"),
            ("accounts=", "--set: `` is no version"),
        ] {
            let text = read(FILE, &[change]).unwrap_err();
            assert!(text.contains(told), "{text}");
        }
    }
}
