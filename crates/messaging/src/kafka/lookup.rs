//! Questions to the brokers, and what administration they need. All of it blocks, but for making topics.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};

use super::client::{LogContext, bus_error, config, consumer_config, to_delivery};
use super::settings::KafkaSettings;
use crate::bus::BusError;
use crate::message::Delivery;

/// How long a broker may take to answer one question.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long a new topic may take until every broker knows it.
const TOPIC_PATIENCE: Duration = Duration::from_secs(30);
/// The group id of the consumer that reads whole topics; it never joins a group.
const READER: &str = "bank-reader";

type Client = BaseConsumer<LogContext>;

pub(super) struct Lookup {
    settings: KafkaSettings,
    admin: AdminClient<LogContext>,
    /// A client that asks in the name of each group, without joining it.
    groups: Mutex<HashMap<String, Arc<Client>>>,
}

impl Lookup {
    pub(super) fn new(settings: &KafkaSettings) -> Result<Self, BusError> {
        let admin = config(settings).create_with_context(LogContext).map_err(bus_error)?;
        Ok(Self { settings: settings.clone(), admin, groups: Mutex::default() })
    }

    pub(super) fn ping(&self) -> Result<(), BusError> {
        self.admin.inner().fetch_metadata(None, Duration::from_secs(5)).map(drop).map_err(bus_error)
    }

    pub(super) fn missing_topics(&self, topics: &[String]) -> Result<Vec<String>, BusError> {
        let mut missing = Vec::new();
        for topic in topics {
            if self.partitions(topic)? == 0 {
                missing.push(topic.clone());
            }
        }
        Ok(missing)
    }

    /// Makes topics that keep their messages for ever: a new group can always start from the beginning.
    pub(super) async fn create_topics(
        &self,
        topics: &[String],
        settings: &KafkaSettings,
    ) -> Result<(), BusError> {
        let replication = i32::from(settings.replication);
        let in_sync = if settings.replication >= 3 { "2" } else { "1" };
        let new: Vec<NewTopic<'_>> = topics
            .iter()
            .map(|topic| {
                NewTopic::new(topic, i32::from(settings.partitions), TopicReplication::Fixed(replication))
                    .set("retention.ms", "-1")
                    .set("retention.bytes", "-1")
                    .set("min.insync.replicas", in_sync)
            })
            .collect();
        let options = AdminOptions::new().operation_timeout(Some(TIMEOUT)).request_timeout(Some(TIMEOUT));
        for created in self.admin.create_topics(&new, &options).await.map_err(bus_error)? {
            match created {
                Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((topic, code)) => {
                    tracing::debug!(topic, ?code, "cannot create the topic");
                    return Err(bus_error(KafkaError::AdminOp(code)));
                }
            }
        }
        Ok(())
    }

    pub(super) fn wait_for_topics(&self, topics: &[String]) -> Result<(), BusError> {
        let given_up = Instant::now() + TOPIC_PATIENCE;
        while !self.are_led(topics)? {
            if Instant::now() > given_up {
                return Err(BusError::Unavailable(format!("{topics:?} are not there yet")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    pub(super) fn lag(&self, group: &str, topics: &[String]) -> Result<u64, BusError> {
        let client = self.in_the_name_of(group)?;
        let partitions = self.all_partitions(topics)?;
        let committed = client.committed_offsets(partitions, TIMEOUT).map_err(bus_error)?;
        let mut lag = 0;
        for element in committed.elements() {
            let (low, high) = watermarks(&client, element.topic(), element.partition())?;
            let next = if let Offset::Offset(next) = element.offset() { next } else { low };
            lag += u64::try_from(high - next.max(low)).unwrap_or(0);
        }
        Ok(lag)
    }

    pub(super) fn rewind(&self, group: &str, topics: &[String]) -> Result<(), BusError> {
        let client = self.in_the_name_of(group)?;
        let start = self.all_partitions(topics)?;
        for mut element in start.elements() {
            let (low, _) = watermarks(&client, element.topic(), element.partition())?;
            element.set_offset(Offset::Offset(low)).map_err(bus_error)?;
        }
        // The broker refuses a commit from outside while the group has members.
        client.commit(&start, CommitMode::Sync).map_err(|error| match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::UnknownMemberId | RDKafkaErrorCode::IllegalGeneration) => {
                BusError::Failed(format!("the group `{group}` is in use"))
            }
            _ => bus_error(error),
        })
    }

    pub(super) fn read_topic(&self, topic: &str) -> Result<Vec<Delivery>, BusError> {
        let mut config = consumer_config(&self.settings, READER);
        let client: Client =
            config.set("enable.partition.eof", "true").create_with_context(LogContext).map_err(bus_error)?;
        let mut ends = HashMap::new();
        let mut assignment = TopicPartitionList::new();
        for partition in 0..self.partitions(topic)? {
            let (low, high) = watermarks(&client, topic, partition)?;
            if low < high {
                ends.insert(partition, high);
                assignment.add_partition_offset(topic, partition, Offset::Offset(low)).map_err(bus_error)?;
            }
        }
        client.assign(&assignment).map_err(bus_error)?;
        let mut deliveries = Vec::new();
        let mut last_seen = Instant::now();
        while !ends.is_empty() {
            match client.poll(Duration::from_millis(100)) {
                Some(Ok(message)) => {
                    let delivery = to_delivery(&message);
                    let (partition, offset) = (delivery.position.partition, delivery.position.offset);
                    let end = ends.get(&partition).copied();
                    if end.is_some_and(|end| offset < end) {
                        deliveries.push(delivery);
                    }
                    if end.is_some_and(|end| offset + 1 >= end) {
                        ends.remove(&partition);
                    }
                    last_seen = Instant::now();
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    ends.remove(&partition);
                }
                Some(Err(error)) if last_seen.elapsed() > TIMEOUT => return Err(bus_error(error)),
                None if last_seen.elapsed() > TIMEOUT => {
                    return Err(BusError::Unavailable(format!("{topic} cannot be read to its end")));
                }
                Some(Err(_)) | None => {}
            }
        }
        deliveries.sort_by(|a, b| a.position.cmp(&b.position));
        Ok(deliveries)
    }

    /// Whether every partition of every topic has a leader, so that it can be written and read.
    fn are_led(&self, topics: &[String]) -> Result<bool, BusError> {
        for topic in topics {
            let metadata = self.admin.inner().fetch_metadata(Some(topic), TIMEOUT).map_err(bus_error)?;
            let known = metadata.topics().iter().find(|known| known.name() == topic);
            let partitions = known.map(|known| known.partitions()).unwrap_or_default();
            if partitions.is_empty() || partitions.iter().any(|partition| partition.leader() < 0) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// How many partitions a topic has; 0 when there is no such topic.
    fn partitions(&self, topic: &str) -> Result<i32, BusError> {
        let metadata = self.admin.inner().fetch_metadata(Some(topic), TIMEOUT).map_err(bus_error)?;
        let known = metadata.topics().iter().find(|known| known.name() == topic && known.error().is_none());
        Ok(known.map_or(0, |known| i32::try_from(known.partitions().len()).unwrap_or(0)))
    }

    fn all_partitions(&self, topics: &[String]) -> Result<TopicPartitionList, BusError> {
        let mut all = TopicPartitionList::new();
        for topic in topics {
            let count = self.partitions(topic)?;
            if count == 0 {
                return Err(BusError::Failed(format!("there is no topic `{topic}`")));
            }
            for partition in 0..count {
                all.add_partition(topic, partition);
            }
        }
        Ok(all)
    }

    fn in_the_name_of(&self, group: &str) -> Result<Arc<Client>, BusError> {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = groups.get(group) {
            return Ok(Arc::clone(client));
        }
        let client =
            consumer_config(&self.settings, group).create_with_context(LogContext).map_err(bus_error)?;
        let client = Arc::new(client);
        groups.insert(group.to_owned(), Arc::clone(&client));
        Ok(client)
    }
}

/// The first and the next offset of a partition; asks again while its leader is being elected.
fn watermarks(client: &Client, topic: &str, partition: i32) -> Result<(i64, i64), BusError> {
    use RDKafkaErrorCode::{LeaderNotAvailable, NotLeaderForPartition, UnknownTopicOrPartition};
    let given_up = Instant::now() + TIMEOUT;
    loop {
        match client.fetch_watermarks(topic, partition, TIMEOUT) {
            Ok(watermarks) => return Ok(watermarks),
            Err(error) => {
                let code = error.rdkafka_error_code();
                let passing = matches!(
                    code,
                    Some(LeaderNotAvailable | NotLeaderForPartition | UnknownTopicOrPartition)
                );
                if !passing || Instant::now() > given_up {
                    return Err(bus_error(error));
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    }
}
