//! The proxy before each service: it owns the service's name, and for the edge the port, while the containers behind it
//! come and go. Its configuration is the one place that says who serves.

use std::collections::HashMap;
use std::io::{self, Read};
use std::net::SocketAddr;

use super::labels;
use super::target::digest_of;
use crate::engine::{Launch, Mounted};
use crate::upload::Archive;

/// The folder of its configuration, a volume.
pub(super) const FOLDER: &str = "/etc/bank-proxy";

/// The configuration.
pub(super) const FILE: &str = "/etc/bank-proxy/haproxy.cfg";

/// Where every service listens, and its proxy too.
pub(super) const PORT: u16 = 8080;

/// Where the proxy tells whom it routes to, inside its container alone.
pub(super) const ROUTE_PORT: u16 = 8081;

/// How long connections of an earlier configuration may go on.
pub(super) const OLD_CONNECTIONS: std::time::Duration = std::time::Duration::from_secs(90);

/// What is written, and answered, where it routes to nobody yet.
const NOBODY: &str = "nobody";

/// Runs it: the master takes SIGUSR2 as the order to start a worker with the configuration as it is now, which takes
/// the listening sockets over from the one before.
pub(super) fn command() -> Vec<String> {
    ["haproxy", "-W", "-db", "-f", FILE].map(str::to_owned).to_vec()
}

/// The digest of how a proxy is set up; the edge's has an address outside.
pub(super) fn spec(network: &str, image: &str, bind: Option<SocketAddr>) -> String {
    digest_of(&(network, image, bind, command()))
}

/// Where a proxy is to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) environment: &'a str,
    pub(super) service: &'a str,
    pub(super) network: &'a str,
    pub(super) image: &'a str,
    /// Where it is reached from outside, if it is that of the edge.
    pub(super) bind: Option<SocketAddr>,
}

/// The proxy of a service.
pub(super) fn launch(place: &Place<'_>, route: Option<&str>) -> io::Result<Launch> {
    let files = Some(archive(route, place.bind.is_some())?);
    let spec = spec(place.network, place.image, place.bind);
    let words = [
        (labels::ENVIRONMENT, place.environment),
        (labels::SERVICE, place.service),
        (labels::ROLE, "proxy"),
        (labels::SPEC, &spec),
    ];
    Ok(Launch {
        name: format!("{}-{}", place.environment, place.service),
        image: place.image.to_owned(),
        network: place.network.to_owned(),
        alias: place.service.to_owned(),
        command: command(),
        user: Some(super::USER.to_owned()),
        volumes: vec![Mounted { named: None, at: FOLDER.to_owned(), files }],
        labels: words
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into_iter()
            .collect::<HashMap<_, _>>(),
        bound: place.bind.map(|bind| (PORT, bind)),
        confined: true,
        restarted: true,
        ..Launch::default()
    })
}

/// The configuration that routes to a container. With `is_edge` the client's address is told on.
pub(super) fn configuration(route: Option<&str>, is_edge: bool) -> String {
    let backend = match route {
        Some(container) => format!(
            "server current {container}:{PORT} resolvers docker resolve-prefer ipv4 init-addr last,libc,none"
        ),
        None => {
            "http-request return status 503 content-type text/plain string \"nothing is deployed here yet\""
                .to_owned()
        }
    };
    // Replaced, not added to: nobody outside is believed.
    let client = if is_edge {
        "http-request set-header X-Forwarded-For %[src]"
    } else {
        "# Whoever asks is one of the bank."
    };
    let (route, seconds) = (route.unwrap_or(NOBODY), OLD_CONNECTIONS.as_secs());
    format!(
        "# Written by bank-deploy at every switch.\n\
         # route: {route}\n\
         global\n    \
             log stdout format raw local0 notice\n    \
             # A new worker takes the listening sockets from the old one, so that no connection is turned away.\n    \
             stats socket /dev/shm/haproxy.sock mode 600 level operator expose-fd listeners\n    \
             hard-stop-after {seconds}s\n\
         defaults\n    \
             mode http\n    \
             log global\n    \
             # A connection that is kept alive ends with its next answer, and not between two requests.\n    \
             option idle-close-on-response\n    \
             # A request that may have reached the service is never sent again.\n    \
             retries 3\n    \
             retry-on conn-failure\n    \
             http-reuse never\n    \
             timeout connect 2s\n    \
             timeout http-request 30s\n    \
             # Longer than clients inside the bank keep an unused connection (15 s), less than services do (30 s).\n    \
             timeout http-keep-alive 20s\n    \
             # Longer than the gateway gives any request (75 s).\n    \
             timeout client 85s\n    \
             timeout server 85s\n\
         resolvers docker\n    \
             nameserver engine 127.0.0.11:53\n    \
             timeout resolve 1s\n    \
             timeout retry 1s\n    \
             hold valid 1s\n    \
             hold obsolete 30s\n    \
             hold nx 30s\n    \
             hold timeout 30s\n    \
             hold refused 30s\n    \
             hold other 30s\n\
         frontend service\n    \
             bind :{PORT}\n    \
             {client}\n    \
             default_backend current\n\
         frontend route\n    \
             bind 127.0.0.1:{ROUTE_PORT}\n    \
             http-request return status 200 content-type text/plain string \"{route}\"\n\
         backend current\n    \
             {backend}\n"
    )
}

/// The configuration as the engine takes it, to be unpacked in [`FOLDER`].
pub(super) fn archive(route: Option<&str>, is_edge: bool) -> io::Result<Vec<u8>> {
    let mut archive = Archive::new();
    archive.file("haproxy.cfg", configuration(route, is_edge).as_bytes())?;
    archive.finish()
}

/// Whom a proxy says it routes to.
pub(super) fn answered_route(body: &str) -> Option<String> {
    let route = body.trim();
    (!route.is_empty() && route != NOBODY).then(|| route.to_owned())
}

/// Whom the configuration in an archive routes to: what a proxy that does not run will do when it does.
pub(super) fn archived_route(archive: &[u8]) -> Option<String> {
    let mut archive = tar::Archive::new(archive);
    let mut entry = archive.entries().ok()?.next()?.ok()?;
    let mut text = String::new();
    entry.read_to_string(&mut text).ok()?;
    answered_route(text.lines().find_map(|line| line.strip_prefix("# route: "))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_routed_to_is_read_back_from_the_configuration() {
        let route = |name| archived_route(&archive(name, false).unwrap());
        assert_eq!(route(Some("local-accounts-3")).as_deref(), Some("local-accounts-3"));
        assert_eq!(route(None), None);
        assert_eq!(archived_route(b"no archive"), None);
        assert_eq!(answered_route("local-accounts-3\n").as_deref(), Some("local-accounts-3"));
        assert_eq!(answered_route("nobody"), None);
    }

    #[test]
    fn one_container_is_behind_it_and_no_request_is_sent_twice() {
        let text = configuration(Some("local-accounts-3"), false);
        let servers: Vec<_> = text.lines().filter(|line| line.trim().starts_with("server ")).collect();
        assert_eq!(servers.len(), 1);
        assert!(servers[0].contains(" local-accounts-3:8080 resolvers docker "), "{text}");
        assert!(text.contains("retry-on conn-failure\n") && text.contains("expose-fd listeners"), "{text}");
        assert!(!text.contains("X-Forwarded-For"), "{text}");
    }

    #[test]
    fn the_edge_tells_the_clients_address_and_believes_nobody_elses() {
        assert!(configuration(None, true).contains("http-request set-header X-Forwarded-For %[src]"));
    }

    #[test]
    fn only_the_edges_port_is_reached_from_elsewhere() {
        let place =
            Place { environment: "local", service: "accounts", network: "n", image: "haproxy", bind: None };
        let inner = launch(&place, None).unwrap();
        assert_eq!(
            (inner.name.as_str(), inner.alias.as_str(), inner.bound),
            ("local-accounts", "accounts", None)
        );
        let bind = Some("0.0.0.0:80".parse().unwrap());
        let edge = launch(&Place { bind, ..place }, None).unwrap();
        assert_eq!(edge.bound, Some((PORT, "0.0.0.0:80".parse().unwrap())));
        assert_ne!(edge.labels[labels::SPEC], inner.labels[labels::SPEC]);
    }

    #[test]
    fn before_anything_is_deployed_it_says_so() {
        let text = configuration(None, false);
        assert!(text.contains("return status 503") && !text.contains("server current"), "{text}");
    }
}
