//! The network of one smoke test with the servers in it, which live as long as the test.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::SmokeSettings;
use super::operator::Operator;
use super::servers::{READY_WITHIN, Server};
use crate::catalog::{Catalog, Entry};
use crate::engine::{Engine, Launch, Mounted};
use crate::error::DeployError;
use crate::image_name::ImageName;
use crate::upload::Archive;

/// Everything of one test has this label, with its id.
const LABEL: &str = "bank.smoke";

const POLL: Duration = Duration::from_millis(100);

/// Where every image listens.
const PORT: u16 = 8080;

pub(super) struct World<'a> {
    pub(super) engine: &'a Engine,
    pub(super) catalog: &'a Catalog,
    pub(super) settings: &'a SmokeSettings,
    pub(super) operator: Operator,
    /// Begins the name of everything that the test makes.
    id: String,
    /// Of the database server, and what the services show each other.
    word: String,
    running: Mutex<Vec<Server>>,
}

impl<'a> World<'a> {
    pub(super) async fn new(
        engine: &'a Engine,
        catalog: &'a Catalog,
        settings: &'a SmokeSettings,
    ) -> Result<Self, DeployError> {
        let word = Uuid::now_v7().simple().to_string();
        // The end of such an id is random, its beginning is the time.
        let id = format!("bank-smoke-{}", &word[20..]);
        engine.create_network(&id, (LABEL, &id)).await?;
        let operator = Operator::new()?;
        Ok(Self { engine, catalog, settings, operator, id, word, running: Mutex::new(Vec::new()) })
    }

    /// Removes everything that the test made.
    pub(super) async fn tear_down(&self) -> Result<(), DeployError> {
        for container in self.engine.labelled((LABEL, &self.id)).await? {
            self.engine.remove(&container).await?;
        }
        self.engine.remove_network(&self.id).await
    }

    /// Starts a server unless it runs, and waits until it takes connections.
    pub(super) async fn server(&self, server: Server) -> Result<(), DeployError> {
        if self.runs(server) {
            return Ok(());
        }
        let image = ImageName::new(server.image(&self.settings.servers));
        self.engine.present(&image).await?;
        let mut environment = server.environment(&self.word);
        if server == Server::Kafka {
            environment.extend(self.catalog.environment(server.name())?);
        }
        let launch = Launch {
            name: self.container(server.name()),
            image: image.to_string(),
            alias: server.name().to_owned(),
            environment,
            health: server.health(),
            ..self.launch()
        };
        self.engine.create(&launch).await?;
        self.engine.start(&launch.name).await?;
        self.becomes_healthy(server, &launch).await?;
        if let Ok(mut running) = self.running.lock() {
            running.push(server);
        }
        Ok(())
    }

    fn runs(&self, server: Server) -> bool {
        self.running.lock().is_ok_and(|running| running.contains(&server))
    }

    async fn becomes_healthy(&self, server: Server, launch: &Launch) -> Result<(), DeployError> {
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            let state = self.engine.state(&launch.name).await?;
            if state.healthy {
                return Ok(());
            }
            if state.exit.is_some() || Instant::now() > deadline {
                let said = self.engine.last_lines(&launch.name, 1).await.pop().unwrap_or_default();
                let what = if state.exit.is_some() { "it ended" } else { "it takes no connections" };
                let reason = format!("{what}; its last line: {said}");
                return Err(DeployError::Server {
                    server: server.name().to_owned(),
                    image: launch.image.clone(),
                    reason,
                });
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// A service's container, with stores, topics and keys of this test's own. `group` keeps one image's test apart from
    /// the others'.
    pub(super) async fn service(
        &self,
        group: &str,
        service: &str,
        entry: &Entry,
        image: &str,
    ) -> Result<Launch, DeployError> {
        let mut environment = self.catalog.environment(service)?;
        if let Some(bus) = environment.get_mut("BANK_BUS") {
            *bus += &format!("?prefix={group}.");
        }
        if let Some(views) = environment.get_mut("BANK_VIEWS") {
            *views += &format!("_{}", group.replace('-', "_"));
        }
        // Each has the keys themselves, so that none needs the customers service.
        environment.insert("BANK_TOKENS_KEYS".to_owned(), "folder:/var/lib/bank/token-keys".to_owned());
        let mut volumes =
            vec![Mounted { at: "/var/lib/bank".to_owned(), files: Some(self.keys()?), named: None }];
        if !entry.databases.is_empty() || !entry.secrets.is_empty() {
            let files = self.secrets(group, service, entry).await?;
            volumes.push(Mounted { at: "/run/secrets".to_owned(), files: Some(files), named: None });
        }
        Ok(Launch {
            name: self.container(service),
            image: image.to_owned(),
            alias: service.to_owned(),
            environment,
            volumes,
            published: Some(PORT),
            confined: true,
            ..self.launch()
        })
    }

    fn keys(&self) -> Result<Vec<u8>, DeployError> {
        let mut archive = Archive::new();
        archive.folder("token-keys", self.operator.keys.path()).map_err(DeployError::here)?;
        archive.finish().map_err(DeployError::here)
    }

    async fn secrets(&self, group: &str, service: &str, entry: &Entry) -> Result<Vec<u8>, DeployError> {
        let mut archive = Archive::new();
        for secret in &entry.databases {
            let database = format!("{group}_{service}_{secret}").replace('-', "_");
            let statement = format!("CREATE DATABASE {database}");
            // The server knows the password of its own superuser; a connection from inside needs it all the same.
            let url = format!("postgres://bank:{}@127.0.0.1:5432/postgres", self.word);
            let psql = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", &url, "-c", &statement];
            self.engine.run_inside(&self.container("postgres"), &psql).await?;
            let url = format!("postgres://bank:{}@postgres:5432/{database}", self.word);
            archive.file(secret, url.as_bytes()).map_err(DeployError::here)?;
        }
        for secret in &entry.secrets {
            archive.file(secret, self.word.as_bytes()).map_err(DeployError::here)?;
        }
        archive.finish().map_err(DeployError::here)
    }

    /// What every container of the test has.
    fn launch(&self) -> Launch {
        let labels = HashMap::from([(LABEL.to_owned(), self.id.clone())]);
        Launch { network: self.id.clone(), labels, environment: BTreeMap::new(), ..Launch::default() }
    }

    fn container(&self, name: &str) -> String {
        format!("{}-{name}", self.id)
    }
}
