//! Whose turn it is: a webhook with something due is taken in hand by one process, for a lease.
//!
//! A webhook as a whole, not single deliveries: so that each has a share of the service and no more, in all processes
//! together, and the one that waited longest comes first.

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{DeliveryState, Disabled, StoreError, WebhookStore, millis, parse_id, time_or_none};
use crate::endpoint::Endpoint;

/// How many webhooks are looked at for one that nobody else takes meanwhile.
const CANDIDATES: i64 = 16;

/// A webhook in hand, and what is due to it.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) webhook: Uuid,
    pub(crate) endpoint: Endpoint,
    /// Sealed, those that are good by now: the newest first.
    pub(crate) secrets: Vec<Vec<u8>>,
    pub(crate) standing: Standing,
    pub(crate) due: Vec<Due>,
    version: i64,
    lease: Uuid,
}

/// How deliveries to a webhook have been going.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Standing {
    /// Since when nothing could be delivered.
    pub(crate) failing_since: Option<DateTime<Utc>>,
    /// How often in a row.
    pub(crate) failures: u32,
    pub(crate) disabled: Option<Disabled>,
}

/// A delivery whose time has come.
#[derive(Debug, Clone)]
pub(crate) struct Due {
    pub(crate) id: Uuid,
    pub(crate) event_type: String,
    pub(crate) body: String,
    /// How many attempts there were.
    pub(crate) attempts: u32,
}

/// What an attempt makes of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recorded {
    pub(crate) state: DeliveryState,
    pub(crate) next_try_at: DateTime<Utc>,
    pub(crate) status: Option<u16>,
    pub(crate) error: &'static str,
}

impl WebhookStore {
    /// Takes a webhook in hand for so long, with at most `most` of its deliveries; nothing when nothing is due that
    /// nobody else has in hand.
    pub(crate) async fn take_turn(
        &self,
        now: DateTime<Utc>,
        lasts: Duration,
        most: u32,
    ) -> Result<Option<Turn>, StoreError> {
        let candidates: Vec<(String,)> = sqlx::query_as(include_str!("../../sql/due_webhooks.sql"))
            .bind(millis(now))
            .bind(CANDIDATES)
            .fetch_all(self.pool())
            .await?;
        for (webhook,) in candidates {
            let lease = Uuid::now_v7();
            let taken = sqlx::query(include_str!("../../sql/take_webhook.sql"))
                .bind(webhook.clone())
                .bind(millis(now))
                .bind(millis(now + lasts))
                .bind(lease.to_string())
                .execute(self.pool())
                .await?;
            if taken.rows_affected() == 1 {
                return self.taken(webhook, lease, now, most).await;
            }
        }
        Ok(None)
    }

    async fn taken(
        &self,
        webhook: String,
        lease: Uuid,
        now: DateTime<Utc>,
        most: u32,
    ) -> Result<Option<Turn>, StoreError> {
        type Row = (String, Vec<u8>, Vec<u8>, i64, i64, i64, i64);
        let row: Option<Row> = sqlx::query_as(include_str!("../../sql/taken_webhook.sql"))
            .bind(webhook.clone())
            .bind(lease.to_string())
            .fetch_optional(self.pool())
            .await?;
        // Deleted meanwhile.
        let Some((url, secret, previous, previous_until, version, failing_since, failures)) = row else {
            return Ok(None);
        };
        let standing = Standing {
            failing_since: time_or_none(failing_since)?,
            failures: u32::try_from(failures).unwrap_or(u32::MAX),
            disabled: None,
        };
        let previous = (previous_until > millis(now)).then_some(previous);
        Ok(Some(Turn {
            due: self.due(&webhook, now, most).await?,
            webhook: parse_id(&webhook)?,
            endpoint: url.try_into().map_err(|_| StoreError::Corrupt("an address that is none"))?,
            secrets: std::iter::once(secret).chain(previous).collect(),
            standing,
            version,
            lease,
        }))
    }

    async fn due(&self, webhook: &str, now: DateTime<Utc>, most: u32) -> Result<Vec<Due>, StoreError> {
        let rows: Vec<(String, String, String, i64)> =
            sqlx::query_as(include_str!("../../sql/due_deliveries.sql"))
                .bind(webhook.to_owned())
                .bind(millis(now))
                .bind(i64::from(most))
                .fetch_all(self.pool())
                .await?;
        let due = |(id, event_type, body, attempts): (String, String, String, i64)| {
            let attempts = u32::try_from(attempts).unwrap_or(u32::MAX);
            Ok(Due { id: parse_id(&id)?, event_type, body, attempts })
        };
        rows.into_iter().map(due).collect()
    }

    /// Writes down what came of an attempt.
    pub(crate) async fn record(
        &self,
        delivery: Uuid,
        recorded: &Recorded,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query(include_str!("../../sql/record_attempt.sql"))
            .bind(delivery.to_string())
            .bind(recorded.state.as_str())
            .bind(millis(recorded.next_try_at))
            .bind(i64::from(recorded.status.unwrap_or_default()))
            .bind(recorded.error)
            .bind(millis(now))
            .execute(self.pool())
            .await?;
        Ok(())
    }

    /// Lets go of a webhook, which nobody takes in hand before `free_from`. What its owner changed meanwhile stays as
    /// they want it, and so does what another process does that has it in hand by now.
    pub(crate) async fn end_turn(
        &self,
        turn: &Turn,
        standing: Standing,
        free_from: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.pool().begin().await?;
        sqlx::query(include_str!("../../sql/settle_webhook.sql"))
            .bind(turn.webhook.to_string())
            .bind(turn.lease.to_string())
            .bind(turn.version)
            .bind(standing.failing_since.map_or(0, millis))
            .bind(i64::from(standing.failures))
            .bind(i64::from(standing.disabled.is_none()))
            .bind(standing.disabled.map_or("", Disabled::code))
            .execute(&mut *transaction)
            .await?;
        sqlx::query(include_str!("../../sql/release_webhook.sql"))
            .bind(turn.webhook.to_string())
            .bind(turn.lease.to_string())
            .bind(millis(free_from))
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }
}
