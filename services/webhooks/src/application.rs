//! The use cases, one function each.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use event_store::{Clock, CommandContext, ExpectedVersion, Version};
use sealing::SealingKey;
use serde::Serialize;
use serde_json::Value;
use service_kit::http::CursorKey;
use thiserror::Error;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::config::DeliverySettings;
use crate::endpoint::Endpoint;
use crate::filter::EventFilter;
use crate::listener::delivery_id;
use crate::message::{TEST, test_message};
use crate::owner::Owner;
use crate::secrets::{open_answer, seal_answer, seal_secret};
use crate::signature::SigningSecret;
use crate::store::{
    Changed, Delivery, Disabled, Effect, Keyed, NewDelivery, NewWebhook, Place, StoreError, Target, Webhook,
    WebhookStore,
};

/// What was asked for was not done.
#[derive(Debug, Error)]
pub(crate) enum WebhookError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("there is no webhook with this id")]
    NoWebhook,
    #[error("the webhook has no delivery with this id; it may have been kept long enough")]
    NoDelivery,
    #[error("the webhook is disabled; enable it first")]
    Disabled,
    #[error("nobody may have more than {0} webhooks; delete one that you do not need")]
    TooMany(u32),
    #[error("there is no customer any more who could have a webhook")]
    NoOwner,
    #[error("write an https:// address")]
    PlainHttp,
    #[error("this Idempotency-Key was used for another request")]
    KeyReused,
    #[error("the version is {0}, not the one that If-Match names")]
    OtherVersion(i64),
}

/// The service's use cases on what they need.
#[derive(Clone)]
pub(crate) struct Application {
    pub(crate) store: WebhookStore,
    pub(crate) sealing: SealingKey,
    pub(crate) cursors: CursorKey,
    pub(crate) settings: Arc<DeliverySettings>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Told when something is due.
    pub(crate) due: Arc<Notify>,
}

/// What an answer says, and whether it was said before.
pub(crate) struct Answered {
    pub(crate) body: Value,
    pub(crate) is_repetition: bool,
}

/// What a webhook is to be.
pub(crate) struct Wanted {
    pub(crate) endpoint: Endpoint,
    pub(crate) filter: EventFilter,
    pub(crate) description: Option<String>,
}

/// What is to be changed; what is not given stays.
#[derive(Debug, Clone, Default)]
pub(crate) struct Change {
    pub(crate) endpoint: Option<Endpoint>,
    pub(crate) filter: Option<EventFilter>,
    pub(crate) description: Option<Option<String>>,
    pub(crate) is_enabled: Option<bool>,
}

impl Application {
    /// Makes a webhook. `answer` shows it with its secret, which nobody is shown again.
    pub(crate) async fn create(
        &self,
        owner: &Owner,
        wanted: Wanted,
        command: &CommandContext,
        answer: impl Fn(&Webhook, &SigningSecret) -> Result<Value, serde_json::Error>,
    ) -> Result<Answered, WebhookError> {
        self.check(&wanted.endpoint)?;
        if expected(command).is_some() {
            // There is no version yet.
            return Err(WebhookError::OtherVersion(0));
        }
        let (id, secret) = (Uuid::now_v7(), SigningSecret::random().map_err(StoreError::from)?);
        let new = NewWebhook {
            id,
            owner: owner.clone(),
            endpoint: wanted.endpoint,
            filter: wanted.filter,
            description: wanted.description,
            secret: seal_secret(&self.sealing, id, &secret).map_err(StoreError::from)?,
            created_at: self.now(),
        };
        let body = answer(&Webhook::from(&new), &secret).map_err(StoreError::from)?;
        let keyed = self.keyed(owner, command, &body)?;
        let most = self.settings.most_webhooks.get();
        let effect = self.store.create(keyed.as_ref(), &new, most).await?;
        self.answered(effect, command, body)
    }

    pub(crate) async fn webhooks(&self, owner: &Owner) -> Result<Vec<Webhook>, WebhookError> {
        Ok(self.store.webhooks_of(owner).await?)
    }

    pub(crate) async fn webhook(&self, owner: &Owner, id: Uuid) -> Result<Webhook, WebhookError> {
        self.store.webhook(owner, id).await?.ok_or(WebhookError::NoWebhook)
    }

    /// Changes a webhook; `expected` is the version that the client has seen.
    pub(crate) async fn change(
        &self,
        owner: &Owner,
        id: Uuid,
        change: &Change,
        expected: Option<i64>,
    ) -> Result<Webhook, WebhookError> {
        if let Some(endpoint) = &change.endpoint {
            self.check(endpoint)?;
        }
        let target = Target { owner, webhook: id, expected };
        match self.store.change(&target, |webhook| change.of(webhook)).await? {
            Changed::Now(webhook) => {
                self.due.notify_one();
                Ok(webhook)
            }
            Changed::OtherVersion(actual) => Err(WebhookError::OtherVersion(actual)),
            Changed::NotThere => Err(WebhookError::NoWebhook),
        }
    }

    pub(crate) async fn delete(&self, owner: &Owner, id: Uuid) -> Result<(), WebhookError> {
        if self.store.delete(owner, id).await? { Ok(()) } else { Err(WebhookError::NoWebhook) }
    }

    /// Gives a webhook another secret; `answer` shows it, and until when the old one signs as well.
    pub(crate) async fn rotate_secret(
        &self,
        owner: &Owner,
        id: Uuid,
        command: &CommandContext,
        answer: impl Fn(&SigningSecret, DateTime<Utc>) -> Result<Value, serde_json::Error>,
    ) -> Result<Answered, WebhookError> {
        let secret = SigningSecret::random().map_err(StoreError::from)?;
        let until = self.now() + self.settings.old_secret_signs.get();
        let body = answer(&secret, until).map_err(StoreError::from)?;
        let keyed = self.keyed(owner, command, &body)?;
        let sealed = seal_secret(&self.sealing, id, &secret).map_err(StoreError::from)?;
        let target = Target { owner, webhook: id, expected: expected(command) };
        let effect = self.store.rotate_secret(keyed.as_ref(), &target, sealed, until).await?;
        self.answered(effect, command, body)
    }

    /// Sends a message that tells of nothing, whatever the webhook's filter says.
    pub(crate) async fn test(
        &self,
        owner: &Owner,
        webhook: Uuid,
        command: &CommandContext,
    ) -> Result<Answered, WebhookError> {
        // No event has this id, and the same command always this one.
        let (event, now) = (command.command_id, self.now());
        let id = delivery_id(webhook, event);
        let message = test_message(event, webhook, now).map_err(StoreError::from)?;
        let body = reference(id)?;
        let keyed = self.keyed(owner, command, &body)?;
        let delivery = NewDelivery { id, webhook, event, event_type: TEST, body: &message, now };
        let target = Target { owner, webhook, expected: expected(command) };
        let effect = self.store.ask_for(keyed.as_ref(), &target, &delivery).await?;
        self.due.notify_one();
        self.answered(effect, command, body)
    }

    /// Sends a delivery once more, under its old id.
    pub(crate) async fn redeliver(
        &self,
        owner: &Owner,
        webhook: Uuid,
        delivery: Uuid,
        command: &CommandContext,
    ) -> Result<Answered, WebhookError> {
        let body = reference(delivery)?;
        let keyed = self.keyed(owner, command, &body)?;
        let target = Target { owner, webhook, expected: expected(command) };
        let effect = self.store.redeliver(keyed.as_ref(), &target, delivery, self.now()).await?;
        self.due.notify_one();
        self.answered(effect, command, body)
    }

    /// The webhook's deliveries, the newest first.
    pub(crate) async fn deliveries(
        &self,
        owner: &Owner,
        webhook: Uuid,
        after: Option<Place>,
        limit: usize,
    ) -> Result<Vec<Delivery>, WebhookError> {
        self.webhook(owner, webhook).await?;
        Ok(self.store.deliveries(webhook, after, limit).await?)
    }

    /// In whole milliseconds, as it is kept.
    fn now(&self) -> DateTime<Utc> {
        let now = self.clock.now();
        DateTime::from_timestamp_millis(now.timestamp_millis()).unwrap_or(now)
    }

    fn check(&self, endpoint: &Endpoint) -> Result<(), WebhookError> {
        let allowed = self.settings.allow_http || !endpoint.is_plain();
        if allowed { Ok(()) } else { Err(WebhookError::PlainHttp) }
    }

    /// The command as it is noted with its effect, when its client can repeat it.
    fn keyed(
        &self,
        owner: &Owner,
        command: &CommandContext,
        answer: &Value,
    ) -> Result<Option<Keyed>, StoreError> {
        let Some(hash) = command.request_hash else { return Ok(None) };
        let (id, answer) = (command.command_id, serde_json::to_vec(answer)?);
        let answer = seal_answer(&self.sealing, id, &answer)?;
        Ok(Some(Keyed { id, owner: owner.clone(), request_hash: hash.0, answer }))
    }

    fn answered(
        &self,
        effect: Effect,
        command: &CommandContext,
        body: Value,
    ) -> Result<Answered, WebhookError> {
        match effect {
            Effect::Done => Ok(Answered { body, is_repetition: false }),
            Effect::Replayed(sealed) => {
                let opened =
                    open_answer(&self.sealing, command.command_id, &sealed).map_err(StoreError::from)?;
                let body = serde_json::from_slice(&opened).map_err(StoreError::from)?;
                Ok(Answered { body, is_repetition: true })
            }
            Effect::KeyReused => Err(WebhookError::KeyReused),
            Effect::NoWebhook => Err(WebhookError::NoWebhook),
            Effect::NoDelivery => Err(WebhookError::NoDelivery),
            Effect::Disabled => Err(WebhookError::Disabled),
            Effect::OtherVersion(actual) => Err(WebhookError::OtherVersion(actual)),
            Effect::TooMany => Err(WebhookError::TooMany(self.settings.most_webhooks.get())),
            Effect::NoOwner => Err(WebhookError::NoOwner),
        }
    }
}

impl Change {
    fn of(&self, mut webhook: Webhook) -> Webhook {
        webhook.endpoint = self.endpoint.clone().unwrap_or(webhook.endpoint);
        webhook.filter = self.filter.clone().unwrap_or(webhook.filter);
        webhook.description = self.description.clone().unwrap_or(webhook.description);
        match self.is_enabled {
            // Whoever enables it wants it to be tried for a while again.
            Some(true) if webhook.disabled.is_some() => {
                (webhook.disabled, webhook.failing_since) = (None, None);
            }
            Some(false) => webhook.disabled = webhook.disabled.or(Some(Disabled::ByOwner)),
            _ => {}
        }
        webhook
    }
}

impl From<&NewWebhook> for Webhook {
    fn from(new: &NewWebhook) -> Self {
        Self {
            id: new.id,
            endpoint: new.endpoint.clone(),
            filter: new.filter.clone(),
            description: new.description.clone(),
            disabled: None,
            version: 1,
            created_at: new.created_at,
            failing_since: None,
        }
    }
}

/// The version that the client has seen.
fn expected(command: &CommandContext) -> Option<i64> {
    match command.expected {
        ExpectedVersion::Exact(Version(version)) => Some(version),
        _ => None,
    }
}

/// Where a client finds out what became of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    delivery_id: Uuid,
}

fn reference(delivery_id: Uuid) -> Result<Value, StoreError> {
    Ok(serde_json::to_value(Reference { delivery_id })?)
}
