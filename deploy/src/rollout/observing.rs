//! What there is: containers by their labels, and whom each proxy says it routes to.

use std::collections::BTreeMap;

use super::asking::ask;
use super::planning::{Instance, Observed, Proxy};
use super::{labels, proxy};
use crate::engine::{Container, Engine};
use crate::error::DeployError;

/// The program's own question to itself, which every image answers; see `docker/Dockerfile`.
const HEALTH: [&str; 2] = ["/service", "health"];

/// Everything of an environment, by service.
pub(super) async fn observe(
    engine: &Engine,
    environment: &str,
) -> Result<BTreeMap<String, Observed>, DeployError> {
    let containers = engine.containers((labels::ENVIRONMENT, environment)).await?;
    let mut services: BTreeMap<String, Vec<Container>> = BTreeMap::new();
    for container in containers {
        services.entry(container.label(labels::SERVICE).to_owned()).or_default().push(container);
    }
    let mut observed = BTreeMap::new();
    for (service, containers) in services {
        let found = service_of(engine, &format!("{environment}-{service}"), &containers).await?;
        observed.insert(service, found);
    }
    Ok(observed)
}

/// One service of an environment.
pub(super) async fn observe_service(
    engine: &Engine,
    environment: &str,
    service: &str,
) -> Result<Observed, DeployError> {
    let mut containers = engine.containers((labels::ENVIRONMENT, environment)).await?;
    containers.retain(|container| container.label(labels::SERVICE) == service);
    service_of(engine, &format!("{environment}-{service}"), &containers).await
}

async fn service_of(engine: &Engine, proxy: &str, containers: &[Container]) -> Result<Observed, DeployError> {
    let mut observed = Observed::default();
    for container in containers {
        match container.label(labels::ROLE) {
            // Another name has one that was about to be replaced.
            "proxy" if container.name == proxy => observed.proxy = Some(proxy_of(engine, container).await?),
            "instance" => observed.instances.extend(instance(container)),
            _ => {}
        }
    }
    let current = observed.current().filter(|current| current.running).map(|current| current.name.clone());
    if let Some(name) = current {
        let has_proxy = observed.proxy.as_ref().is_some_and(|proxy| proxy.running);
        // Without a proxy that could ask, it answers for itself.
        let ready = match has_proxy {
            true => readiness(engine, proxy, &name).await.is_ok(),
            false => engine.run_inside(&name, &HEALTH).await.is_ok(),
        };
        let same = observed.instances.iter_mut().filter(|instance| instance.name == name);
        same.for_each(|instance| instance.ready = ready);
    }
    Ok(observed)
}

fn instance(container: &Container) -> Option<Instance> {
    let number = container.name.rsplit_once('-')?.1.parse().ok()?;
    Some(Instance {
        name: container.name.clone(),
        number,
        image_id: container.image_id.clone(),
        version: container.label(labels::VERSION).to_owned(),
        image: container.label(labels::IMAGE).to_owned(),
        spec: container.label(labels::SPEC).to_owned(),
        running: container.running,
        restarting: container.restarting,
        ready: false,
        proven: container.restarted,
        started_at: container.started_at,
        run: container.label(labels::RUN).to_owned(),
        believes: container.label(labels::BELIEVES).parse().ok(),
    })
}

async fn proxy_of(engine: &Engine, container: &Container) -> Result<Proxy, DeployError> {
    let asked = match container.running {
        true => answered_route(engine, &container.name).await.ok(),
        false => None,
    };
    let file = engine.download(&container.name, proxy::FILE).await?;
    let written = file.and_then(|file| proxy::archived_route(&file));
    let route = asked.unwrap_or_else(|| written.clone());
    Ok(Proxy {
        running: container.running,
        spec: container.label(labels::SPEC).to_owned(),
        route,
        written,
        address: container.address,
        network: container.network.clone(),
    })
}

/// Whom a proxy that runs says that it routes to.
pub(super) async fn answered_route(engine: &Engine, proxy: &str) -> Result<Option<String>, String> {
    let answer = ask(engine, proxy, "127.0.0.1", proxy::ROUTE_PORT, "/route").await?;
    Ok(proxy::answered_route(&answer))
}

/// Whether a container says that it is ready, and else what it says.
pub(super) async fn readiness(engine: &Engine, proxy: &str, container: &str) -> Result<(), String> {
    ask(engine, proxy, container, proxy::PORT, "/readyz?verbose").await.map(drop)
}
