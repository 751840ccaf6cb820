//! The producer: idempotent, all replicas, and rebuilt whenever a delivery is in doubt.
//!
//! Invariant: the first occurrences of one partition's messages are in order. Messages never expire inside the
//! client, where a later one could still be delivered; instead a publication that takes too long gives up the
//! whole producer with everything in it, and the relay resumes from the outbox.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::try_join_all;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::future_producer::DeliveryFuture;
use rdkafka::producer::{FutureProducer, FutureRecord, Producer, PurgeConfig};

use super::client::{LogContext, bus_error, config, to_headers};
use super::settings::KafkaSettings;
use crate::bus::BusError;
use crate::message::Message;

/// The pause after which a full queue is tried again.
const QUEUE_FULL_PAUSE: Duration = Duration::from_millis(5);

type Client = Arc<FutureProducer<LogContext>>;

pub(super) struct Publisher {
    settings: KafkaSettings,
    /// None once closed.
    client: Mutex<Option<Client>>,
}

impl Publisher {
    pub(super) fn new(settings: &KafkaSettings) -> Result<Self, BusError> {
        let client = Mutex::new(Some(create(settings)?));
        Ok(Self { settings: settings.clone(), client })
    }

    pub(super) async fn publish(&self, messages: Vec<Message>) -> Result<(), BusError> {
        let client = self.client().ok_or_else(|| BusError::Unavailable("the bus is closed".to_owned()))?;
        let sending = send_all(&client, &messages);
        let outcome = match tokio::time::timeout(self.settings.publish_timeout, sending).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let timeout = self.settings.publish_timeout;
                Err(BusError::Unavailable(format!("not confirmed within {timeout:?}")))
            }
        };
        if outcome.is_err() {
            self.replace(&client)?;
        }
        outcome
    }

    /// Puts a new producer in the place of `failed`, unless somebody has done so already.
    fn replace(&self, failed: &Client) -> Result<(), BusError> {
        let mut current = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(|client| Arc::ptr_eq(client, failed)) {
            let fatal = failed.client().fatal_error();
            tracing::warn!(?fatal, "a publication is in doubt, the producer is rebuilt");
            *current = Some(create(&self.settings)?);
            let failed = Arc::clone(failed);
            // Purging and dropping may block for a moment.
            tokio::task::spawn_blocking(move || failed.purge(PurgeConfig::default().queue().inflight()));
        }
        Ok(())
    }

    pub(super) async fn close(&self) {
        let client = self.client.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(client) = client else { return };
        let timeout = self.settings.publish_timeout;
        let flushed = tokio::task::spawn_blocking(move || client.flush(timeout)).await;
        if !matches!(flushed, Ok(Ok(()))) {
            tracing::warn!(?flushed, "the producer was closed with messages under way");
        }
    }

    fn client(&self) -> Option<Client> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn create(settings: &KafkaSettings) -> Result<Client, BusError> {
    let producer = config(settings)
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("compression.type", "lz4")
        // No batching timer: a batch grows while the one before is under way.
        .set("linger.ms", "0")
        .set("message.timeout.ms", "0")
        .set("partitioner", "murmur2_random")
        .create_with_context(LogContext)
        .map_err(bus_error)?;
    Ok(Arc::new(producer))
}

/// Hands over all messages in order and waits for every delivery report.
async fn send_all(client: &FutureProducer<LogContext>, messages: &[Message]) -> Result<(), BusError> {
    let mut reports = Vec::with_capacity(messages.len());
    for message in messages {
        reports.push(send(client, message).await?);
    }
    let confirmed = try_join_all(reports).await;
    let reports = confirmed.map_err(|_| BusError::Unavailable("the producer is gone".to_owned()))?;
    match reports.into_iter().find_map(Result::err) {
        Some((error, _)) => Err(bus_error(error)),
        None => Ok(()),
    }
}

async fn send(client: &FutureProducer<LogContext>, message: &Message) -> Result<DeliveryFuture, BusError> {
    loop {
        let record = FutureRecord::to(&message.topic)
            .key(&message.key)
            .payload(&message.payload)
            .headers(to_headers(&message.headers));
        match client.send_result(record) {
            Ok(report) => return Ok(report),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => {
                tokio::time::sleep(QUEUE_FULL_PAUSE).await;
            }
            Err((error, _)) => return Err(bus_error(error)),
        }
    }
}
