//! What the desired state comes to: images that were pulled and looked at, secrets that were read, a network that is
//! there. All of it is looked up before the first change.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::net::IpAddr;
use std::path::Path;

use chrono::{SecondsFormat, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::desired::Desired;
use super::planning::Wish;
use super::published::reference_of;
use super::{Context, labels, proxy};
use crate::catalog::{Catalog, Entry, Role};
use crate::engine::{Engine, Launch, Mounted};
use crate::error::DeployError;
use crate::image_name::ImageName;
use crate::upload::Archive;

/// Where a service keeps files, if it keeps any.
const STATE: &str = "/var/lib/bank";

const SECRETS: &str = "/run/secrets";

/// A service that is to run. It holds secrets, so it cannot be printed.
pub(super) struct Target {
    pub(super) service: String,
    /// The image by digest, or by tag where no registry has it.
    pub(super) image: String,
    pub(super) version: String,
    image_id: String,
    is_edge: bool,
    environment: BTreeMap<String, String>,
    secrets: BTreeMap<String, Vec<u8>>,
    prefix: String,
    network: String,
    proxy_spec: String,
    /// When the run began.
    run: String,
}

/// Looks everything up, in the order in which services are deployed.
pub(super) async fn resolve(context: &Context<'_>, desired: &Desired) -> Result<Vec<Target>, DeployError> {
    let mut targets = Vec::new();
    let run = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
    if !context.engine.has_network(&desired.network).await? {
        let reason = format!(
            "the engine has no network `{}`; it is that of postgres, kafka and mongo, such as bank_bank of docker compose",
            desired.network
        );
        return Err(DeployError::Unavailable { field: "network".to_owned(), reason });
    }
    for service in context.catalog.deployed() {
        if let (Some(wanted), Some(entry)) = (desired.services.get(service), context.catalog.get(service)) {
            let environment = environment(context.catalog, desired, service)?;
            let secrets = secrets(context.root, desired, service, entry)?;
            let repository = format!("{}/{service}", desired.registry);
            let reference = reference_of(&repository, service, wanted, context.images_dir)?;
            let (image_id, version, image) = image(context.engine, &reference, &repository, service).await?;
            let is_edge = entry.role == Role::Edge;
            targets.push(Target {
                service: service.to_owned(),
                image,
                version,
                image_id,
                is_edge,
                environment,
                secrets,
                prefix: format!("{}-{service}", desired.name),
                network: desired.network.clone(),
                proxy_spec: proxy::spec(
                    &desired.network,
                    &context.settings.proxy_image,
                    is_edge.then_some(desired.bind),
                ),
                run: run.clone(),
            });
        }
    }
    Ok(targets)
}

fn environment(
    catalog: &Catalog,
    desired: &Desired,
    service: &str,
) -> Result<BTreeMap<String, String>, DeployError> {
    let mut environment = catalog.environment(service)?;
    environment.extend(desired.environment.get(service).cloned().unwrap_or_default());
    Ok(environment)
}

/// Those that the service is listed with, and no other.
fn secrets(
    root: &Path,
    desired: &Desired,
    service: &str,
    entry: &Entry,
) -> Result<BTreeMap<String, Vec<u8>>, DeployError> {
    let folder = root.join(&desired.secrets);
    let names = entry.databases.iter().chain(&entry.secrets);
    names
        .map(|name| {
            let path = folder.join(name);
            let content = fs::read(&path).map_err(|error| DeployError::Unavailable {
                field: "secrets".to_owned(),
                reason: format!("{service} needs {}, which docker/secrets.sh draws: {error}", path.display()),
            })?;
            Ok((name.clone(), content))
        })
        .collect()
}

/// Pulls it, and sees that it is what it should be. Gives its id, its version, and its name by digest.
async fn image(
    engine: &Engine,
    reference: &ImageName,
    repository: &str,
    service: &str,
) -> Result<(String, String, String), DeployError> {
    let wrong = |reason| DeployError::Unavailable { field: format!("services.{service}"), reason };
    engine.pull(reference).await.map_err(|error| wrong(error.to_string()))?;
    let found = engine.image(reference).await?;
    let label =
        |key: &str| found.labels.get(&format!("org.opencontainers.image.{key}")).cloned().unwrap_or_default();
    let title = label("title");
    if title != service {
        return Err(wrong(format!("{reference} is an image of `{title}`, and not of {service}")));
    }
    let of_registry =
        |name: &&String| name.strip_prefix(repository).is_some_and(|rest| rest.starts_with('@'));
    if reference.as_str().contains('@') && !found.digests.iter().any(|name| name == reference.as_str()) {
        return Err(wrong(format!("what was pulled as {reference} has another digest")));
    }
    let by_digest = if reference.as_str().contains('@') {
        reference.to_string()
    } else {
        found.digests.iter().find(of_registry).cloned().unwrap_or_else(|| reference.to_string())
    };
    Ok((found.id, label("version"), by_digest))
}

impl Target {
    /// What the plan is made for. The edge believes its proxy, whose address is known when it runs.
    pub(super) fn wish(&self, proxy: Option<IpAddr>) -> Wish {
        Wish {
            prefix: self.prefix.clone(),
            image_id: self.image_id.clone(),
            spec: self.spec(proxy),
            proxy_spec: self.proxy_spec.clone(),
        }
    }

    /// A container of it.
    pub(super) fn launch(
        &self,
        name: &str,
        environment: &str,
        proxy: Option<IpAddr>,
    ) -> Result<Launch, DeployError> {
        let mut volumes = Vec::new();
        if let Some(named) = self.state() {
            volumes.push(Mounted { named: Some(named), at: STATE.to_owned(), files: None });
        }
        if !self.secrets.is_empty() {
            let mut archive = Archive::new();
            for (name, content) in &self.secrets {
                archive.file(name, content).map_err(DeployError::here)?;
            }
            let files = Some(archive.finish().map_err(DeployError::here)?);
            volumes.push(Mounted { named: None, at: SECRETS.to_owned(), files });
        }
        let words = [
            (labels::ENVIRONMENT, environment),
            (labels::SERVICE, &self.service),
            (labels::ROLE, "instance"),
            (labels::VERSION, &self.version),
            (labels::IMAGE, &self.image),
            (labels::SPEC, &self.spec(proxy)),
            (labels::RUN, &self.run),
        ];
        let believed = proxy.filter(|_| self.is_edge).map(|proxy| (labels::BELIEVES, proxy.to_string()));
        let words = words.map(|(key, value)| (key, value.to_owned()));
        Ok(Launch {
            name: name.to_owned(),
            image: self.image_id.clone(),
            network: self.network.clone(),
            environment: self.told(proxy),
            volumes,
            labels: words
                .into_iter()
                .chain(believed)
                .map(|(key, value)| (key.to_owned(), value))
                .collect::<HashMap<_, _>>(),
            confined: true,
            ..Launch::default()
        })
    }

    /// The volume of its files, which each of its containers has.
    fn state(&self) -> Option<String> {
        let keeps_files = self.environment.values().any(|value| value.contains(STATE));
        keeps_files.then(|| format!("{}-state", self.prefix))
    }

    fn told(&self, proxy: Option<IpAddr>) -> BTreeMap<String, String> {
        let mut environment = self.environment.clone();
        if let (true, Some(proxy)) = (self.is_edge, proxy) {
            // Else all clients together would have the budget of one.
            environment
                .entry("BANK_RATE_LIMIT_TRUSTED_PROXIES".to_owned())
                .or_insert_with(|| format!("[\"{proxy}\"]"));
        }
        environment
    }

    /// The digest of everything but the image. Of a secret, which is long and random, no more than its own digest.
    fn spec(&self, proxy: Option<IpAddr>) -> String {
        let secrets: BTreeMap<_, _> =
            self.secrets.iter().map(|(name, content)| (name.as_str(), digest(content))).collect();
        digest_of(&(self.told(proxy), secrets, self.state(), &self.network))
    }
}

/// The digest of a value, the same for the same value.
pub(super) fn digest_of(value: &impl Serialize) -> String {
    // What is digested here has text for keys, and so always is JSON.
    digest(serde_json::to_string(value).unwrap_or_default().as_bytes())
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        Target {
            service: "customers".to_owned(),
            image: "r/customers@sha256:1".to_owned(),
            version: "1".to_owned(),
            image_id: "sha256:2".to_owned(),
            is_edge: false,
            environment: BTreeMap::from([("A".to_owned(), "b".to_owned())]),
            secrets: BTreeMap::from([("audit".to_owned(), b"postgres://u:word@h/d".to_vec())]),
            prefix: "local-customers".to_owned(),
            network: "n".to_owned(),
            proxy_spec: String::new(),
            run: String::new(),
        }
    }

    #[test]
    fn another_setting_or_secret_is_another_spec() {
        let spec = target().wish(None).spec;
        assert_eq!(target().wish(None).spec, spec);
        let mut other = target();
        other.environment.insert("A".to_owned(), "c".to_owned());
        assert_ne!(other.wish(None).spec, spec);
        let mut other = target();
        other.secrets.insert("audit".to_owned(), b"postgres://u:other@h/d".to_vec());
        assert_ne!(other.wish(None).spec, spec);
    }

    #[test]
    fn no_secret_shows_in_the_description_of_a_container() {
        let launch = target().launch("local-customers-1", "local", None).unwrap();
        assert!(!format!("{:?} {:?}", launch.labels, launch.environment).contains("word"));
        assert_eq!(launch.labels[labels::SPEC], target().wish(None).spec);
    }

    #[test]
    fn files_of_a_service_lie_in_a_volume_of_the_environment() {
        assert_eq!(target().state(), None);
        let mut keeper = target();
        keeper.environment.insert("K".to_owned(), "folder:/var/lib/bank/token-keys".to_owned());
        let launch = keeper.launch("local-customers-1", "local", None).unwrap();
        assert_eq!(launch.volumes[0].named.as_deref(), Some("local-customers-state"));
    }

    #[test]
    fn the_edge_believes_its_proxy_alone() {
        let proxy = Some("172.18.0.7".parse().unwrap());
        assert!(target().launch("x", "local", proxy).unwrap().environment.len() == 1);
        let edge = Target { is_edge: true, ..target() };
        let environment = edge.launch("x", "local", proxy).unwrap().environment;
        assert_eq!(environment["BANK_RATE_LIMIT_TRUSTED_PROXIES"], "[\"172.18.0.7\"]");
        assert_eq!(edge.launch("x", "local", proxy).unwrap().labels[labels::BELIEVES], "172.18.0.7");
        assert_ne!(edge.wish(proxy).spec, edge.wish(None).spec);
    }
}
