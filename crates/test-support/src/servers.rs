//! The real servers that tests run against.
//!
//! An address in the environment wins (`scripts/backing-services env` prints them). Without it the official
//! image is started by testcontainers. Where neither is possible the test fails and says so: nothing is skipped.

use std::env;
use std::future::Future;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use testcontainers::core::{ContainerPort, WaitFor};
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, GenericImage, ImageExt, TestcontainersError};
use tokio::sync::OnceCell;
use uuid::Uuid;

/// Containers live as long as the test process. A static is never dropped, so a small shell outlives the process
/// and removes them; see [`keep`].
static CONTAINERS: OnceLock<std::sync::Mutex<Vec<ContainerAsync<GenericImage>>>> = OnceLock::new();

/// A PostgreSQL server: `postgres://user:password@host:port/postgres`, allowed to create databases.
///
/// # Panics
/// When `BANK_TEST_POSTGRES_URL` is not set and no container can be started.
pub async fn postgres_url() -> String {
    static URL: OnceCell<String> = OnceCell::const_new();
    URL.get_or_init(|| address("BANK_TEST_POSTGRES_URL", "PostgreSQL", start_postgres)).await.clone()
}

/// Kafka's bootstrap servers: `host:port`.
///
/// # Panics
/// When `BANK_TEST_KAFKA_BROKERS` is not set and no container can be started.
pub async fn kafka_brokers() -> String {
    static BROKERS: OnceCell<String> = OnceCell::const_new();
    BROKERS.get_or_init(|| address("BANK_TEST_KAFKA_BROKERS", "Apache Kafka", start_kafka)).await.clone()
}

/// A MongoDB server: `mongodb://host:port`.
///
/// # Panics
/// When `BANK_TEST_MONGO_URL` is not set and no container can be started.
pub async fn mongo_url() -> String {
    static URL: OnceCell<String> = OnceCell::const_new();
    URL.get_or_init(|| address("BANK_TEST_MONGO_URL", "MongoDB", start_mongo)).await.clone()
}

/// A name for a database that only one test uses.
#[must_use]
pub fn fresh_database_name() -> String {
    format!("test_{}", Uuid::now_v7().simple())
}

async fn address<F, Fut>(variable: &str, what: &str, start: F) -> String
where
    F: FnOnce() -> Fut,
    Fut: Future<Output = Result<String, TestcontainersError>>,
{
    if let Ok(address) = env::var(variable) {
        return address;
    }
    start().await.unwrap_or_else(|error| {
        panic!(
            "{what}: {variable} is not set and no container could be started ({error}). \
             Run `eval \"$(scripts/backing-services env)\"` after `scripts/backing-services up`, or start a Docker engine."
        )
    })
}

fn image(variable: &str, default: &str) -> (String, String) {
    let name = env::var(variable).unwrap_or_else(|_| default.to_owned());
    match name.rsplit_once(':') {
        Some((name, tag)) => (name.to_owned(), tag.to_owned()),
        None => (name, "latest".to_owned()),
    }
}

async fn start_postgres() -> Result<String, TestcontainersError> {
    let (name, tag) = image("BANK_POSTGRES_IMAGE", "postgres:17");
    let container = GenericImage::new(name, tag)
        .with_exposed_port(ContainerPort::Tcp(5432))
        .with_wait_for(WaitFor::message_on_stdout("PostgreSQL init process complete"))
        .with_wait_for(WaitFor::message_on_stderr("database system is ready to accept connections"))
        .with_env_var("POSTGRES_USER", "bank")
        .with_env_var("POSTGRES_PASSWORD", "bank")
        .with_cmd(["-c", "max_connections=300"])
        .start()
        .await?;
    let url = format!(
        "postgres://bank:bank@{}:{}/postgres",
        container.get_host().await?,
        container.get_host_port_ipv4(5432).await?
    );
    keep(container);
    Ok(url)
}

async fn start_kafka() -> Result<String, TestcontainersError> {
    let (name, tag) = image("BANK_KAFKA_IMAGE", "apache/kafka:4.1.1");
    // The broker tells clients its own address, so the port must be known before it starts.
    let port = free_port();
    let container = GenericImage::new(name, tag)
        .with_wait_for(WaitFor::message_on_stdout("Kafka Server started"))
        .with_mapped_port(port, ContainerPort::Tcp(port))
        .with_env_var("KAFKA_NODE_ID", "1")
        .with_env_var("KAFKA_PROCESS_ROLES", "broker,controller")
        .with_env_var("KAFKA_CONTROLLER_QUORUM_VOTERS", "1@localhost:9093")
        .with_env_var("KAFKA_CONTROLLER_LISTENER_NAMES", "CONTROLLER")
        .with_env_var("KAFKA_LISTENERS", format!("PLAINTEXT://:{port},CONTROLLER://:9093"))
        .with_env_var("KAFKA_ADVERTISED_LISTENERS", format!("PLAINTEXT://127.0.0.1:{port}"))
        .with_env_var("KAFKA_LISTENER_SECURITY_PROTOCOL_MAP", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT")
        .with_env_var("KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR", "1")
        .with_env_var("KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR", "1")
        .with_env_var("KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", "1")
        .with_env_var("KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS", "0")
        .with_env_var("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
        .start()
        .await?;
    let brokers = format!("127.0.0.1:{port}");
    keep(container);
    Ok(brokers)
}

async fn start_mongo() -> Result<String, TestcontainersError> {
    let (name, tag) = image("BANK_MONGO_IMAGE", "mongo:8");
    let container = GenericImage::new(name, tag)
        .with_exposed_port(ContainerPort::Tcp(27017))
        .with_wait_for(WaitFor::message_on_stdout("Waiting for connections"))
        .start()
        .await?;
    let url =
        format!("mongodb://{}:{}", container.get_host().await?, container.get_host_port_ipv4(27017).await?);
    keep(container);
    Ok(url)
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .expect("a free port on loopback")
}

/// Keeps the container until this process is gone, however it ends.
#[expect(clippy::zombie_processes, reason = "it waits for this process to end, not the other way round")]
fn keep(container: ContainerAsync<GenericImage>) {
    let watchdog = Command::new("sh")
        .args([
            "-c",
            "while kill -0 \"$0\" 2>/dev/null; do sleep 1; done; docker rm --force --volumes \"$1\"",
        ])
        .args([&std::process::id().to_string(), container.id()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    watchdog.expect("a shell that removes the container afterwards");
    CONTAINERS
        .get_or_init(Default::default)
        .lock()
        .expect("no test panics while it starts a container")
        .push(container);
}
