//! The servers that services stand on, in containers of the test's own.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;

/// How long a server may take to get ready; a broker's first start formats its folder.
pub(super) const READY_WITHIN: Duration = Duration::from_secs(120);

/// Their images. The variables are those of docker-compose.yml.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServerImages {
    /// PostgreSQL
    #[arg(long, value_name = "IMAGE", env = "BANK_POSTGRES_IMAGE", default_value = "postgres:17")]
    postgres_image: String,
    /// Apache Kafka
    #[arg(long, value_name = "IMAGE", env = "BANK_KAFKA_IMAGE", default_value = "apache/kafka:4.1.1")]
    kafka_image: String,
    /// MongoDB, or what speaks its protocol
    #[arg(long, value_name = "IMAGE", env = "BANK_MONGO_IMAGE", default_value = "mongo:8")]
    mongo_image: String,
}

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Server {
    Postgres,
    Kafka,
    Mongo,
}

impl Server {
    /// The one that is called so in `docker/services.toml`.
    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Postgres, Self::Kafka, Self::Mongo].into_iter().find(|server| server.name() == name)
    }

    /// Its name, also in the network of the services.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Kafka => "kafka",
            Self::Mongo => "mongo",
        }
    }

    pub(super) fn image(self, images: &ServerImages) -> &str {
        match self {
            Self::Postgres => &images.postgres_image,
            Self::Kafka => &images.kafka_image,
            Self::Mongo => &images.mongo_image,
        }
    }

    /// What its image is told besides a file in `docker/settings`.
    pub(super) fn environment(self, password: &str) -> BTreeMap<String, String> {
        let told: &[(&str, &str)] = match self {
            Self::Postgres => &[("POSTGRES_USER", "bank"), ("POSTGRES_PASSWORD", password)],
            Self::Kafka => &[("KAFKA_HEAP_OPTS", "-Xmx512m")],
            Self::Mongo => &[],
        };
        told.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    /// Tells whether it takes connections over the network.
    pub(super) fn health(self) -> Vec<String> {
        let command: &[&str] = match self {
            Self::Postgres => &["pg_isready", "--host=127.0.0.1", "--username=bank"],
            Self::Kafka => &["bash", "-c", "</dev/tcp/127.0.0.1/9092"],
            Self::Mongo => &["bash", "-c", "</dev/tcp/127.0.0.1/27017"],
        };
        command.iter().map(|word| (*word).to_owned()).collect()
    }
}
