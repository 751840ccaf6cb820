//! Webhooks as their owners see and change them.

use chrono::{DateTime, Utc};
use sqlx::{Any, Transaction};
use uuid::Uuid;

use super::commands::{Effect, Keyed, note};
use super::{StoreError, WebhookStore, millis, parse_id, text_or_none, time, time_or_none};
use crate::endpoint::Endpoint;
use crate::filter::EventFilter;
use crate::owner::Owner;

/// A webhook, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Webhook {
    pub(crate) id: Uuid,
    pub(crate) endpoint: Endpoint,
    pub(crate) filter: EventFilter,
    pub(crate) description: Option<String>,
    /// Why nothing is sent to it, if that is so.
    pub(crate) disabled: Option<Disabled>,
    pub(crate) version: i64,
    pub(crate) created_at: DateTime<Utc>,
    /// Since when nothing could be delivered.
    pub(crate) failing_since: Option<DateTime<Utc>>,
}

/// Why nothing is sent to a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disabled {
    /// Its owner wants that.
    ByOwner,
    /// Nothing could be delivered for long.
    Failing,
    /// The receiver answered 410: it is there no more.
    Gone,
}

impl Disabled {
    /// The stable word for it.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::ByOwner => "by-owner",
            Self::Failing => "failing",
            Self::Gone => "gone",
        }
    }

    fn of(is_enabled: i64, code: &str) -> Result<Option<Self>, StoreError> {
        if is_enabled == 1 {
            return Ok(None);
        }
        let all = [Self::ByOwner, Self::Failing, Self::Gone];
        let disabled = all.into_iter().find(|disabled| disabled.code() == code);
        disabled.map(Some).ok_or(StoreError::Corrupt("a reason that is none"))
    }
}

/// A webhook that is asked for by its owner, who may say at which version.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) owner: &'a Owner,
    pub(crate) webhook: Uuid,
    pub(crate) expected: Option<i64>,
}

impl Target<'_> {
    pub(super) fn other_version(&self, actual: i64) -> Option<Effect> {
        self.expected.filter(|expected| *expected != actual).map(|_| Effect::OtherVersion(actual))
    }
}

/// Whether it is enabled, and its version; nothing when it is not there, or somebody else's.
pub(super) async fn standing(
    transaction: &mut Transaction<'static, Any>,
    target: &Target<'_>,
) -> Result<Option<(i64, i64)>, StoreError> {
    let row = sqlx::query_as(include_str!("../../sql/standing.sql"))
        .bind(target.webhook.to_string())
        .bind(target.owner.to_string())
        .fetch_optional(&mut **transaction)
        .await?;
    Ok(row)
}

/// A webhook that is made.
#[derive(Debug, Clone)]
pub(crate) struct NewWebhook {
    pub(crate) id: Uuid,
    pub(crate) owner: Owner,
    pub(crate) endpoint: Endpoint,
    pub(crate) filter: EventFilter,
    pub(crate) description: Option<String>,
    /// Sealed.
    pub(crate) secret: Vec<u8>,
    pub(crate) created_at: DateTime<Utc>,
}

/// What came of a change.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    /// It is like this now.
    Now(Webhook),
    /// It is at this version, and another one was asked for.
    OtherVersion(i64),
    /// There is no such webhook of this owner.
    NotThere,
}

type Row = (String, String, String, String, i64, String, i64, i64, i64);

impl WebhookStore {
    /// Makes a webhook, unless its owner has `most` of them or was erased.
    pub(crate) async fn create(
        &self,
        command: Option<&Keyed>,
        webhook: &NewWebhook,
        most: u32,
    ) -> Result<Effect, StoreError> {
        let mut transaction = self.pool().begin().await?;
        if let Some(earlier) = note(&mut transaction, command).await? {
            return Ok(earlier);
        }
        let owner = webhook.owner.as_str();
        let make = sqlx::query(include_str!("../../sql/insert_owner.sql")).bind(owner);
        make.execute(&mut *transaction).await?;
        // One at a time, so that the count holds; and an erasure comes before this or after.
        let lock = sqlx::query(include_str!("../../sql/lock_owner.sql")).bind(owner);
        if lock.execute(&mut *transaction).await?.rows_affected() != 1 {
            return Ok(Effect::NoOwner);
        }
        let count = sqlx::query_as(include_str!("../../sql/count_webhooks.sql")).bind(owner);
        let (count,): (i64,) = count.fetch_one(&mut *transaction).await?;
        if count >= i64::from(most) {
            return Ok(Effect::TooMany);
        }
        sqlx::query(include_str!("../../sql/insert_webhook.sql"))
            .bind(webhook.id.to_string())
            .bind(owner)
            .bind(webhook.endpoint.as_str())
            .bind(serde_json::to_string(&webhook.filter)?)
            .bind(webhook.description.clone().unwrap_or_default())
            .bind(webhook.secret.clone())
            .bind(Vec::<u8>::new())
            .bind(millis(webhook.created_at))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(Effect::Done)
    }

    /// The owner's webhooks, the oldest first.
    pub(crate) async fn webhooks_of(&self, owner: &Owner) -> Result<Vec<Webhook>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as(include_str!("../../sql/webhooks_of.sql"))
            .bind(owner.as_str())
            .fetch_all(self.pool())
            .await?;
        rows.into_iter().map(webhook).collect()
    }

    /// One of them.
    pub(crate) async fn webhook(&self, owner: &Owner, id: Uuid) -> Result<Option<Webhook>, StoreError> {
        let row: Option<Row> = sqlx::query_as(include_str!("../../sql/webhook.sql"))
            .bind(id.to_string())
            .bind(owner.as_str())
            .fetch_optional(self.pool())
            .await?;
        row.map(webhook).transpose()
    }

    /// Makes it what `change` makes of it, if it is at the version that was asked for. Nobody else changes it between the
    /// two: of many at once, each has its turn.
    pub(crate) async fn change(
        &self,
        target: &Target<'_>,
        change: impl FnOnce(Webhook) -> Webhook,
    ) -> Result<Changed, StoreError> {
        let mut transaction = self.pool().begin().await?;
        let row: Option<Row> = sqlx::query_as(include_str!("../../sql/lock_webhook.sql"))
            .bind(target.webhook.to_string())
            .bind(target.owner.as_str())
            .fetch_optional(&mut *transaction)
            .await?;
        let Some(before) = row.map(webhook).transpose()? else { return Ok(Changed::NotThere) };
        if target.expected.is_some_and(|expected| expected != before.version) {
            return Ok(Changed::OtherVersion(before.version));
        }
        let changed = change(before.clone());
        if changed == before {
            return Ok(Changed::Now(before));
        }
        sqlx::query(include_str!("../../sql/change_webhook.sql"))
            .bind(changed.id.to_string())
            .bind(changed.endpoint.as_str())
            .bind(serde_json::to_string(&changed.filter)?)
            .bind(changed.description.clone().unwrap_or_default())
            .bind(i64::from(changed.disabled.is_none()))
            .bind(changed.disabled.map_or("", Disabled::code))
            .bind(changed.failing_since.map_or(0, millis))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(Changed::Now(Webhook { version: changed.version + 1, ..changed }))
    }

    /// Deletes it and what it was sent; says whether it was there.
    pub(crate) async fn delete(&self, owner: &Owner, id: Uuid) -> Result<bool, StoreError> {
        let deleted = sqlx::query(include_str!("../../sql/delete_webhook.sql"))
            .bind(id.to_string())
            .bind(owner.as_str())
            .execute(self.pool())
            .await?;
        Ok(deleted.rows_affected() == 1)
    }

    /// Gives it another sealed secret; the one that it has signs as well until then.
    pub(crate) async fn rotate_secret(
        &self,
        command: Option<&Keyed>,
        target: &Target<'_>,
        secret: Vec<u8>,
        until: DateTime<Utc>,
    ) -> Result<Effect, StoreError> {
        let mut transaction = self.pool().begin().await?;
        if let Some(earlier) = note(&mut transaction, command).await? {
            return Ok(earlier);
        }
        let updated = sqlx::query(include_str!("../../sql/rotate_secret.sql"))
            .bind(target.webhook.to_string())
            .bind(target.owner.as_str())
            .bind(millis(until))
            .bind(secret)
            .execute(&mut *transaction)
            .await?;
        if updated.rows_affected() != 1 {
            return Ok(Effect::NoWebhook);
        }
        // Nobody else changes it before this transaction ends, so that the version before it is this one less one.
        let (_, version) = standing(&mut transaction, target).await?.unwrap_or_default();
        if let Some(other) = target.other_version(version - 1) {
            return Ok(other);
        }
        transaction.commit().await?;
        Ok(Effect::Done)
    }
}

fn webhook(row: Row) -> Result<Webhook, StoreError> {
    let (id, url, filter, description, is_enabled, reason, version, created_at, failing_since) = row;
    Ok(Webhook {
        id: parse_id(&id)?,
        endpoint: url.try_into().map_err(|_| StoreError::Corrupt("an address that is none"))?,
        filter: serde_json::from_str(&filter).map_err(|_| StoreError::Corrupt("a filter that is none"))?,
        description: text_or_none(description),
        disabled: Disabled::of(is_enabled, &reason)?,
        version,
        created_at: time(created_at)?,
        failing_since: time_or_none(failing_since)?,
    })
}
