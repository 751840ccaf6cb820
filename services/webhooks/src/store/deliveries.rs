//! What is to be sent, and what came of it.

use chrono::{DateTime, Utc};
use sqlx::{Any, Transaction};
use uuid::Uuid;

use super::commands::{Effect, Keyed, note};
use super::webhooks::{Target, standing};
use super::{StoreError, WebhookStore, millis, parse_id, text_or_none, time};

/// An event that is to be sent to a webhook.
#[derive(Debug, Clone)]
pub(crate) struct NewDelivery<'a> {
    /// Follows from the webhook and the event.
    pub(crate) id: Uuid,
    pub(crate) webhook: Uuid,
    pub(crate) event: Uuid,
    pub(crate) event_type: &'a str,
    pub(crate) body: &'a str,
    pub(crate) now: DateTime<Utc>,
}

/// A delivery as the webhook's owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) id: Uuid,
    pub(crate) event: Uuid,
    pub(crate) event_type: String,
    pub(crate) state: DeliveryState,
    pub(crate) attempts: i64,
    pub(crate) next_try_at: DateTime<Utc>,
    pub(crate) last_status: Option<i64>,
    pub(crate) last_error: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeliveryState {
    /// For its next attempt.
    Waiting,
    /// The receiver has it.
    Delivered,
    /// It was tried to the end.
    Failed,
}

impl DeliveryState {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    fn of(text: &str) -> Result<Self, StoreError> {
        let all = [Self::Waiting, Self::Delivered, Self::Failed];
        all.into_iter()
            .find(|state| state.as_str() == text)
            .ok_or(StoreError::Corrupt("a state that is none"))
    }
}

/// Where a list of deliveries goes on: behind this one.
pub(crate) type Place = (i64, Uuid);

type Row = (String, String, String, String, i64, i64, i64, String, i64);

impl WebhookStore {
    /// The webhook's deliveries behind a place, the newest first, at most `limit`.
    pub(crate) async fn deliveries(
        &self,
        webhook: Uuid,
        after: Option<Place>,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let (created_at, id) = after.unwrap_or((i64::MAX, Uuid::max()));
        let rows: Vec<Row> = sqlx::query_as(include_str!("../../sql/deliveries_before.sql"))
            .bind(webhook.to_string())
            .bind(created_at)
            .bind(id.to_string())
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(self.pool())
            .await?;
        rows.into_iter().map(delivery).collect()
    }

    /// Writes down a delivery that its owner asks for, such as a test.
    pub(crate) async fn ask_for(
        &self,
        command: Option<&Keyed>,
        target: &Target<'_>,
        delivery: &NewDelivery<'_>,
    ) -> Result<Effect, StoreError> {
        let mut transaction = self.pool().begin().await?;
        if let Some(earlier) = note(&mut transaction, command).await? {
            return Ok(earlier);
        }
        if let Some(refused) = refusal(&mut transaction, target).await? {
            return Ok(refused);
        }
        insert(&mut transaction, delivery).await?;
        transaction.commit().await?;
        Ok(Effect::Done)
    }

    /// Sends a delivery once more, with all its attempts before it.
    pub(crate) async fn redeliver(
        &self,
        command: Option<&Keyed>,
        target: &Target<'_>,
        delivery: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Effect, StoreError> {
        let mut transaction = self.pool().begin().await?;
        if let Some(earlier) = note(&mut transaction, command).await? {
            return Ok(earlier);
        }
        if let Some(refused) = refusal(&mut transaction, target).await? {
            return Ok(refused);
        }
        let updated = sqlx::query(include_str!("../../sql/redeliver.sql"))
            .bind(delivery.to_string())
            .bind(target.webhook.to_string())
            .bind(millis(now))
            .execute(&mut *transaction)
            .await?;
        if updated.rows_affected() != 1 {
            return Ok(Effect::NoDelivery);
        }
        transaction.commit().await?;
        Ok(Effect::Done)
    }

    /// Deletes at most `limit` deliveries to which nothing has happened since `before`; gives how many.
    pub(crate) async fn delete_old_deliveries(
        &self,
        before: DateTime<Utc>,
        limit: i64,
    ) -> Result<u64, StoreError> {
        let deleted = sqlx::query(include_str!("../../sql/delete_old_deliveries.sql"))
            .bind(millis(before))
            .bind(limit)
            .execute(self.pool())
            .await?;
        Ok(deleted.rows_affected())
    }

    /// How many deliveries wait for an attempt.
    pub(crate) async fn count_waiting(&self) -> Result<i64, StoreError> {
        let (count,): (i64,) =
            sqlx::query_as(include_str!("../../sql/count_waiting.sql")).fetch_one(self.pool()).await?;
        Ok(count)
    }
}

/// Writes it down, unless it is there; says whether it was not.
pub(super) async fn insert(
    transaction: &mut Transaction<'static, Any>,
    delivery: &NewDelivery<'_>,
) -> Result<bool, StoreError> {
    let inserted = sqlx::query(include_str!("../../sql/insert_delivery.sql"))
        .bind(delivery.id.to_string())
        .bind(delivery.webhook.to_string())
        .bind(delivery.event.to_string())
        .bind(delivery.event_type.to_owned())
        .bind(delivery.body.to_owned())
        .bind(millis(delivery.now))
        .execute(&mut **transaction)
        .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Why nothing can be sent to the webhook.
async fn refusal(
    transaction: &mut Transaction<'static, Any>,
    target: &Target<'_>,
) -> Result<Option<Effect>, StoreError> {
    Ok(match standing(transaction, target).await? {
        None => Some(Effect::NoWebhook),
        Some((0, _)) => Some(Effect::Disabled),
        Some((_, version)) => target.other_version(version),
    })
}

fn delivery(row: Row) -> Result<Delivery, StoreError> {
    let (id, event, event_type, state, attempts, next_try_at, status, error, created_at) = row;
    Ok(Delivery {
        id: parse_id(&id)?,
        event: parse_id(&event)?,
        event_type,
        state: DeliveryState::of(&state)?,
        attempts,
        next_try_at: time(next_try_at)?,
        last_status: (status != 0).then_some(status),
        last_error: text_or_none(error),
        created_at: time(created_at)?,
    })
}
