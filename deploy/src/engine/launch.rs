//! How a container is started.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;

use bollard::models::{
    ContainerCreateBody, EndpointSettings, HealthConfig, HostConfig, Mount, MountType, NetworkingConfig,
    PortBinding, RestartPolicy, RestartPolicyNameEnum,
};
use bollard::query_parameters::{CreateContainerOptions, CreateContainerOptionsBuilder};

/// A volume.
#[derive(Debug, Clone, Default)]
pub struct Mounted {
    /// The name of a volume that stays when the container goes; else it is the container's own and goes with it.
    pub named: Option<String>,
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
    /// What the others in that network call it, besides its name.
    pub alias: String,
    /// Its environment.
    pub environment: BTreeMap<String, String>,
    /// Its volumes.
    pub volumes: Vec<Mounted>,
    /// Its labels.
    pub labels: HashMap<String, String>,
    /// A port to be reached at from outside, at a port of the loopback interface that the engine chooses.
    pub published: Option<u16>,
    /// Another port to be reached at from outside, and the address there.
    pub bound: Option<(u16, SocketAddr)>,
    /// A command instead of the image's own.
    pub command: Vec<String>,
    /// The user and group that it runs as, instead of the image's own.
    pub user: Option<String>,
    /// Whether the engine starts it again when it ends by itself, and when the engine itself starts.
    pub restarted: bool,
    /// Whether it lives as long as somebody holds its standard input, and is removed when it ends.
    pub held: bool,
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
        let aliases = (!self.alias.is_empty()).then(|| vec![self.alias.clone()]);
        let endpoint = EndpointSettings { aliases, ..Default::default() };
        let ports: Vec<_> = self.port_bindings().into_keys().collect();
        let (entrypoint, arguments) = match self.command.split_first() {
            Some((program, arguments)) => (Some(vec![program.clone()]), Some(arguments.to_vec())),
            None => (None, None),
        };
        ContainerCreateBody {
            entrypoint,
            cmd: arguments,
            user: self.user.clone(),
            open_stdin: self.held.then_some(true),
            attach_stdin: self.held.then_some(true),
            stdin_once: self.held.then_some(true),
            image: Some(self.image.clone()),
            env: Some(self.environment.iter().map(|(key, value)| format!("{key}={value}")).collect()),
            labels: Some(self.labels.clone()),
            exposed_ports: (!ports.is_empty()).then_some(ports),
            healthcheck: self.health_config(),
            host_config: Some(self.host_config()),
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

    fn port_bindings(&self) -> HashMap<String, Option<Vec<PortBinding>>> {
        let loopback = self.published.map(|port| (port, "127.0.0.1".to_owned(), 0));
        let bound = self.bound.map(|(port, address)| (port, address.ip().to_string(), address.port()));
        let binding = |(port, host_ip, host_port): (u16, String, u16)| {
            let binding = PortBinding { host_ip: Some(host_ip), host_port: Some(host_port.to_string()) };
            (format!("{port}/tcp"), Some(vec![binding]))
        };
        loopback.into_iter().chain(bound).map(binding).collect()
    }

    fn host_config(&self) -> HostConfig {
        let mounts = self.volumes.iter().map(|volume| Mount {
            target: Some(volume.at.clone()),
            source: volume.named.clone(),
            typ: Some(MountType::VOLUME),
            ..Default::default()
        });
        let ports = self.port_bindings();
        HostConfig {
            network_mode: Some(self.network.clone()),
            port_bindings: (!ports.is_empty()).then_some(ports),
            mounts: Some(mounts.collect()),
            readonly_rootfs: Some(self.confined),
            cap_drop: self.confined.then(|| vec!["ALL".to_owned()]),
            security_opt: self.confined.then(|| vec!["no-new-privileges:true".to_owned()]),
            restart_policy: self.restarted.then(restart_unless_stopped),
            auto_remove: self.held.then_some(true),
            ..Default::default()
        }
    }
}

/// For what is to run whatever happens, until it is stopped.
pub(super) fn restart_unless_stopped() -> RestartPolicy {
    RestartPolicy { name: Some(RestartPolicyNameEnum::UNLESS_STOPPED), maximum_retry_count: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confined_container_writes_to_volumes_only() {
        let volumes = vec![Mounted { at: "/var/lib/bank".to_owned(), ..Mounted::default() }];
        let launch = Launch { published: Some(8080), confined: true, volumes, ..Launch::default() };
        let host = launch.body().host_config.unwrap();
        assert_eq!(host.readonly_rootfs, Some(true));
        assert_eq!(host.cap_drop.unwrap(), ["ALL"]);
        assert_eq!(host.mounts.unwrap()[0].target.as_deref(), Some("/var/lib/bank"));
        let bound = host.port_bindings.unwrap()["8080/tcp"].clone().unwrap();
        assert_eq!(bound[0].host_ip.as_deref(), Some("127.0.0.1"));
    }

    #[test]
    fn two_ports_are_published_each_at_its_own_address() {
        let bound = Some((8080, "0.0.0.0:80".parse().unwrap()));
        let launch = Launch { published: Some(8081), bound, ..Launch::default() };
        let ports = launch.body().host_config.unwrap().port_bindings.unwrap();
        let at = |port: &str| ports[port].clone().unwrap()[0].clone();
        assert_eq!(at("8080/tcp").host_ip.as_deref(), Some("0.0.0.0"));
        assert_eq!(at("8080/tcp").host_port.as_deref(), Some("80"));
        assert_eq!(at("8081/tcp").host_ip.as_deref(), Some("127.0.0.1"));
    }

    #[test]
    fn what_is_held_ends_with_whoever_holds_it() {
        let body = Launch { held: true, command: vec!["cat".to_owned()], ..Launch::default() }.body();
        assert_eq!((body.stdin_once, body.entrypoint), (Some(true), Some(vec!["cat".to_owned()])));
        assert_eq!(body.host_config.unwrap().auto_remove, Some(true));
    }
}
