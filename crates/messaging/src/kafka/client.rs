//! What all clients have in common: their configuration, their log, their errors and how messages look to them.

use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Header, Headers, Message as _, OwnedHeaders};

use super::settings::KafkaSettings;
use crate::bus::BusError;
use crate::message::{Delivery, Message, Position};

/// Every client: no delay for small packets, and back soon after a broker went away.
pub(super) fn config(settings: &KafkaSettings) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &settings.brokers)
        .set("client.id", "bank")
        .set("socket.nagle.disable", "true")
        .set("reconnect.backoff.ms", "50")
        .set("reconnect.backoff.max.ms", "1000")
        // A topic that the broker makes by itself would have other partitions, and forget its messages.
        .set("allow.auto.create.topics", "false")
        // Topics are made on purpose, and seen soon after.
        .set("topic.metadata.refresh.interval.ms", "10000");
    config
}

/// Every consumer: committed messages, each group from the start, answers as soon as there is one byte.
pub(super) fn consumer_config(settings: &KafkaSettings, group: &str) -> ClientConfig {
    let mut config = config(settings);
    config
        .set("group.id", group)
        .set("auto.offset.reset", "earliest")
        .set("isolation.level", "read_committed")
        .set("fetch.min.bytes", "1")
        .set("fetch.wait.max.ms", "100")
        // What is fetched ahead is bounded: the default would hold 64 MiB.
        .set("queued.min.messages", "2000")
        .set("queued.max.messages.kbytes", "16384")
        .set("enable.auto.commit", "false");
    config
}

/// Sends what the client logs to `tracing`.
pub(super) struct LogContext;

impl ClientContext for LogContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(%error, reason, "kafka client");
    }
}

impl ConsumerContext for LogContext {}

pub(super) fn log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg
        | RDKafkaLogLevel::Alert
        | RDKafkaLogLevel::Critical
        | RDKafkaLogLevel::Error => {
            tracing::error!(facility, message, "kafka client");
        }
        RDKafkaLogLevel::Warning => tracing::warn!(facility, message, "kafka client"),
        RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => tracing::info!(facility, message, "kafka client"),
        RDKafkaLogLevel::Debug => tracing::debug!(facility, message, "kafka client"),
    }
}

/// Whether trying again can help decides the kind.
pub(super) fn bus_error(error: KafkaError) -> BusError {
    use RDKafkaErrorCode as Code;
    match error.rdkafka_error_code() {
        Some(
            Code::MessageSizeTooLarge
            | Code::InvalidMessage
            | Code::InvalidTopic
            | Code::TopicAuthorizationFailed
            | Code::GroupAuthorizationFailed
            | Code::ClusterAuthorizationFailed
            | Code::InvalidReplicationFactor
            | Code::InvalidPartitions
            | Code::UnknownTopic
            | Code::UnknownMemberId
            | Code::IllegalGeneration,
        ) => BusError::Failed(error.to_string()),
        _ => BusError::Unavailable(error.to_string()),
    }
}

pub(super) fn to_headers(headers: &[(String, String)]) -> OwnedHeaders {
    let empty = OwnedHeaders::new_with_capacity(headers.len());
    headers.iter().fold(empty, |all, (key, value)| all.insert(Header { key, value: Some(value) }))
}

/// A received message with its place. What is not UTF-8 was not written by us and is shown as far as it goes; the
/// character U+0000 too, because it could not be parked: PostgreSQL's text cannot hold it.
pub(super) fn to_delivery(message: &BorrowedMessage<'_>) -> Delivery {
    let text =
        |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).replace('\0', "\u{fffd}");
    let headers = message.headers().map(|headers| {
        headers.iter().map(|header| (header.key.to_owned(), text(header.value))).collect::<Vec<_>>()
    });
    Delivery {
        position: Position {
            topic: message.topic().to_owned(),
            partition: message.partition(),
            offset: message.offset(),
        },
        message: Message {
            topic: message.topic().to_owned(),
            key: text(message.key()),
            headers: headers.unwrap_or_default(),
            payload: message.payload().unwrap_or_default().to_vec(),
        },
    }
}
