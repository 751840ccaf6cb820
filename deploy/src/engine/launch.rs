//! How a container is started.

use std::collections::{BTreeMap, HashMap};

use bollard::models::{
    ContainerCreateBody, EndpointSettings, HealthConfig, HostConfig, Mount, MountType, NetworkingConfig,
    PortBinding,
};
use bollard::query_parameters::{CreateContainerOptions, CreateContainerOptionsBuilder};

/// A volume of the container's own, which goes when it goes.
#[derive(Debug, Clone)]
pub struct Mounted {
    /// Where it is mounted.
    pub at: String,
    /// What lies in it at the start, as a tar archive.
    pub files: Option<Vec<u8>>,
}

/// A container to be.
#[derive(Debug, Clone, Default)]
pub struct Launch {
    /// Its name in the engine.
    pub name: String,
    /// Its image.
    pub image: String,
    /// Its only network.
    pub network: String,
    /// What the others in that network call it.
    pub alias: String,
    /// Its environment.
    pub environment: BTreeMap<String, String>,
    /// Its volumes.
    pub volumes: Vec<Mounted>,
    /// Its labels.
    pub labels: HashMap<String, String>,
    /// A port to be reached at from outside, at a port that the engine chooses.
    pub published: Option<u16>,
    /// A command that tells whether it is ready, instead of the image's own.
    pub health: Vec<String>,
    /// Whether it may write to volumes only and do nothing that root may.
    pub confined: bool,
}

impl Launch {
    pub(super) fn options(&self) -> CreateContainerOptions {
        CreateContainerOptionsBuilder::default().name(&self.name).build()
    }

    pub(super) fn body(&self) -> ContainerCreateBody {
        let endpoint = EndpointSettings { aliases: Some(vec![self.alias.clone()]), ..Default::default() };
        let port = self.published.map(|port| format!("{port}/tcp"));
        ContainerCreateBody {
            image: Some(self.image.clone()),
            env: Some(self.environment.iter().map(|(key, value)| format!("{key}={value}")).collect()),
            labels: Some(self.labels.clone()),
            exposed_ports: port.clone().map(|port| vec![port]),
            healthcheck: self.health_config(),
            host_config: Some(self.host_config(port)),
            networking_config: Some(NetworkingConfig {
                endpoints_config: Some(HashMap::from([(self.network.clone(), endpoint)])),
            }),
            ..Default::default()
        }
    }

    fn health_config(&self) -> Option<HealthConfig> {
        const SECOND: i64 = 1_000_000_000;
        if self.health.is_empty() {
            return None;
        }
        let test = std::iter::once("CMD".to_owned()).chain(self.health.iter().cloned()).collect();
        Some(HealthConfig {
            test: Some(test),
            interval: Some(SECOND),
            timeout: Some(5 * SECOND),
            retries: Some(120),
            ..Default::default()
        })
    }

    fn host_config(&self, port: Option<String>) -> HostConfig {
        let any_port =
            || PortBinding { host_ip: Some("127.0.0.1".to_owned()), host_port: Some("0".to_owned()) };
        let mounts = self.volumes.iter().map(|volume| Mount {
            target: Some(volume.at.clone()),
            typ: Some(MountType::VOLUME),
            ..Default::default()
        });
        HostConfig {
            network_mode: Some(self.network.clone()),
            port_bindings: port.map(|port| HashMap::from([(port, Some(vec![any_port()]))])),
            mounts: Some(mounts.collect()),
            readonly_rootfs: Some(self.confined),
            cap_drop: self.confined.then(|| vec!["ALL".to_owned()]),
            security_opt: self.confined.then(|| vec!["no-new-privileges:true".to_owned()]),
            ..Default::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confined_container_writes_to_volumes_only() {
        let volumes = vec![Mounted { at: "/var/lib/bank".to_owned(), files: None }];
        let launch = Launch { published: Some(8080), confined: true, volumes, ..Launch::default() };
        let host = launch.body().host_config.unwrap();
        assert_eq!(host.readonly_rootfs, Some(true));
        assert_eq!(host.cap_drop.unwrap(), ["ALL"]);
        assert_eq!(host.mounts.unwrap()[0].target.as_deref(), Some("/var/lib/bank"));
        let bound = host.port_bindings.unwrap()["8080/tcp"].clone().unwrap();
        assert_eq!(bound[0].host_ip.as_deref(), Some("127.0.0.1"));
    }
}
