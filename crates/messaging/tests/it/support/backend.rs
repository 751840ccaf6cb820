//! A bus with a topic of its own and somewhere for dead letters, for one test.

use std::sync::Arc;

use messaging::dead_letter::SqliteDeadLetters;
use messaging::embedded::{DEFAULT_PARTITIONS, EmbeddedLog};
use messaging::{Bus, DeadLetters, topic_of};
use tempfile::TempDir;
use uuid::Uuid;

/// What a test of the contract runs on.
pub(crate) struct Backend {
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) dead_letters: Arc<dyn DeadLetters>,
    /// The aggregate type whose topic only this test uses.
    pub(crate) aggregate_type: String,
    pub(crate) topic: String,
    /// The consumer group that only this test uses.
    pub(crate) group: String,
    /// Removed with the backend.
    _folder: TempDir,
    #[cfg(feature = "postgres")]
    _database: Option<super::database::Database>,
}

impl Backend {
    pub(crate) async fn embedded() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let log = EmbeddedLog::open(folder.path().join("log.db"), DEFAULT_PARTITIONS).await.expect("a log");
        let letters = SqliteDeadLetters::open(folder.path().join("letters.db")).await.expect("letters");
        Self::new(Arc::new(log), Arc::new(letters), folder).await
    }

    #[cfg(all(feature = "kafka", feature = "postgres"))]
    pub(crate) async fn kafka() -> Self {
        let brokers = test_support::kafka_brokers().await;
        let bus = messaging::kafka::KafkaBus::connect(&format!("kafka://{brokers}")).await.expect("a bus");
        let folder = tempfile::tempdir().expect("a folder");
        let super::PostgresLetters { letters, database } = super::postgres_letters().await;
        Self { _database: Some(database), ..Self::new(Arc::new(bus), Arc::new(letters), folder).await }
    }

    async fn new(bus: Arc<dyn Bus>, dead_letters: Arc<dyn DeadLetters>, folder: TempDir) -> Self {
        let aggregate_type = format!("test-{}", Uuid::now_v7().simple());
        let topic = topic_of(&aggregate_type);
        bus.ensure_topics(&[&topic]).await.expect("a topic");
        let group = format!("{aggregate_type}-group");
        Self {
            bus,
            dead_letters,
            aggregate_type,
            topic,
            group,
            _folder: folder,
            #[cfg(feature = "postgres")]
            _database: None,
        }
    }
}
