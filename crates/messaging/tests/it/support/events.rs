//! Events and messages to test with.

use std::time::Duration;

use chrono::{SubsecRound, Utc};
use event_store::{CommitId, Metadata, Payload, RecordedEvent, StreamId, Version};
use messaging::{Message, to_message};
use serde_json::json;
use uuid::Uuid;

use super::Backend;

/// Event number `version` of a stream.
pub(crate) fn event(aggregate_type: &str, id: Uuid, version: i64) -> RecordedEvent {
    RecordedEvent {
        stream: StreamId::new(aggregate_type, id),
        version: Version(version),
        event_id: Uuid::now_v7(),
        event_type: "Happened".to_owned(),
        schema_version: 1,
        payload: Payload::try_from(&json!({ "version": version })).expect("JSON"),
        metadata: Metadata::default(),
        command_id: Uuid::now_v7(),
        recorded_at: Utc::now().trunc_subsecs(6),
        commit_id: CommitId(version),
        ordinal: 0,
    }
}

pub(crate) fn ids(count: usize) -> Vec<Uuid> {
    (0..count).map(|_| Uuid::now_v7()).collect()
}

impl Backend {
    pub(crate) fn message(&self, id: Uuid, version: i64) -> Message {
        to_message(&event(&self.aggregate_type, id, version), "/test")
    }

    /// Publishes these versions of every one of `ids`, version by version.
    pub(crate) async fn publish(&self, ids: &[Uuid], versions: impl IntoIterator<Item = i64>) {
        let messages: Vec<Message> = versions
            .into_iter()
            .flat_map(|version| ids.iter().map(move |id| (*id, version)))
            .map(|(id, version)| self.message(id, version))
            .collect();
        self.bus.publish(messages).await.expect("published");
    }

    /// How many messages the group has not stored an offset for.
    pub(crate) async fn lag(&self) -> u64 {
        self.bus.lag(&self.group, &[&self.topic]).await.expect("the lag")
    }
}

/// Short, so that tests do not wait where services may.
pub(crate) fn quick_settings() -> messaging::SubscriptionSettings {
    messaging::SubscriptionSettings {
        look_interval: Duration::from_millis(50),
        lag_interval: Duration::from_millis(200),
        retry_longest: Duration::from_millis(500),
        ..messaging::SubscriptionSettings::default()
    }
}
