//! Makes deliveries of events.
//!
//! Invariant: a batch is done once it is on disk who may hear of what from now on, and every delivery that it asks for.
//! The same event again changes nothing, because a delivery's id follows from its webhook and its event.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use domain::Aggregate;
use domain::account::{Account, AccountEvent};
use domain::customer::CustomerEvent;
use domain::event::CodecError;
use domain::transfer::{MoneyTransfer, TransferEvent};
use event_store::{Clock, RecordedEvent, StreamId};
use messaging::{BatchHandler, Outcome};
use service_kit::history::Unread;
use service_kit::http::command_id;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::audience::Parties;
use crate::message::{self, Body};
use crate::owner::Owner;
use crate::store::{NewDelivery, Recording, StoreError, WebhookStore};

/// A webhook hears of what was recorded after it was made. The clocks of two services may be apart by so much, and what
/// its owner does next must not be missed for that: rather it hears of something from just before.
const CLOCKS: TimeDelta = TimeDelta::minutes(1);

/// Handles the events of all three topics.
pub(crate) struct Listener {
    pub(crate) store: WebhookStore,
    pub(crate) clock: Arc<dyn Clock>,
    /// Told when something is due.
    pub(crate) due: Arc<Notify>,
}

/// An event of one of the three kinds.
enum Happened {
    Account(AccountEvent),
    Transfer(TransferEvent),
    Customer(CustomerEvent),
}

impl Happened {
    fn read(event: &RecordedEvent) -> Result<Self, CodecError> {
        Ok(match event.stream.aggregate_type.as_str() {
            Account::TYPE => Self::Account(event.decode()?),
            MoneyTransfer::TYPE => Self::Transfer(event.decode()?),
            _ => Self::Customer(event.decode()?),
        })
    }
}

#[async_trait]
impl BatchHandler for Listener {
    async fn handle_batch(&self, events: &[RecordedEvent]) -> Vec<Outcome> {
        match self.note(events).await {
            Ok(outcomes) => outcomes,
            // Nothing is wrong with the events, so they are tried until the store takes them.
            Err(error) => vec![Outcome::Retry(error.to_string()); events.len()],
        }
    }
}

impl Listener {
    async fn note(&self, events: &[RecordedEvent]) -> Result<Vec<Outcome>, StoreError> {
        let mut recording = self.store.begin().await?;
        let now = self.clock.now();
        let (mut outcomes, mut unreadable) = (Vec::with_capacity(events.len()), HashSet::<&StreamId>::new());
        let (mut is_due, mut has_erased) = (false, false);
        for event in events {
            if unreadable.contains(&event.stream) {
                outcomes.push(Outcome::Done);
                continue;
            }
            match Happened::read(event) {
                Ok(happened) => {
                    has_erased |=
                        matches!(happened, Happened::Customer(CustomerEvent::CustomerErased { .. }));
                    is_due |= note_one(&mut recording, event, happened, now).await?;
                    outcomes.push(Outcome::Done);
                }
                Err(error) => {
                    unreadable.insert(&event.stream);
                    outcomes.push(Outcome::unreadable(&error));
                }
            }
        }
        recording.commit().await?;
        if has_erased {
            self.store.overwrite_deleted().await?;
        }
        if is_due {
            self.due.notify_one();
        }
        Ok(outcomes)
    }
}

/// Says whether something is to be sent.
async fn note_one(
    recording: &mut Recording,
    event: &RecordedEvent,
    happened: Happened,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let id = event.stream.aggregate_id;
    let mut is_due =
        tell(recording, &Owner::operators(), event, now, || message::whole(event).map(Some)).await?;
    match happened {
        Happened::Account(account_event) => {
            if let AccountEvent::AccountOpened { customer_id, .. } = &account_event {
                recording.account_opened(id, &customer_id.clone().into()).await?;
            }
            // Nobody's is what was never opened; it can only refuse.
            if let Some(owner) = recording.owner_of(id).await? {
                let body = || message::for_owner(event, account_event.clone());
                is_due |= tell(recording, &owner, event, now, body).await?;
            }
        }
        Happened::Transfer(transfer_event) => {
            let known = recording.parties(id).await?;
            let parties = known.clone().after(&transfer_event);
            if parties != known {
                recording.keep_parties(id, &parties).await?;
            }
            for party in parties.all() {
                let body = || message::for_party(event, transfer_event.clone()).map(Some);
                is_due |= tell(recording, party, event, now, body).await?;
            }
        }
        Happened::Customer(CustomerEvent::CustomerErased { .. }) => {
            recording.erase(&Owner::customer(id)).await?;
        }
        Happened::Customer(_) => {}
    }
    Ok(is_due)
}

/// Makes what would be told of `event`, if there were a webhook of everybody whom it concerns; `parties` is who has part in
/// its transfer, by what came before it.
pub(crate) fn telling(event: &RecordedEvent, parties: &mut Parties) -> Result<(), Unread> {
    let happened = Happened::read(event)?;
    message::whole(event).map_err(Unread::unfit)?;
    match happened {
        Happened::Account(account_event) => {
            message::for_owner(event, account_event).map_err(Unread::unfit)?;
        }
        Happened::Transfer(transfer_event) => {
            *parties = std::mem::take(parties).after(&transfer_event);
            message::for_party(event, transfer_event).map_err(Unread::unfit)?;
        }
        Happened::Customer(_) => {}
    }
    Ok(())
}

/// Writes a delivery for each of the owner's webhooks that wants to hear of this.
async fn tell(
    recording: &mut Recording,
    owner: &Owner,
    event: &RecordedEvent,
    now: DateTime<Utc>,
    body: impl Fn() -> Result<Option<Body>, serde_json::Error>,
) -> Result<bool, StoreError> {
    let hearers = recording.hearers(owner).await?.iter();
    let hearers = hearers.filter(|hearer| {
        hearer.filter.takes(&event.event_type) && event.recorded_at >= hearer.created_at - CLOCKS
    });
    let webhooks: Vec<Uuid> = hearers.map(|hearer| hearer.webhook).collect();
    if webhooks.is_empty() {
        return Ok(false);
    }
    let Some(body) = body()? else { return Ok(false) };
    let mut is_due = false;
    for webhook in webhooks {
        let id = delivery_id(webhook, event.event_id);
        let (event_type, body) = (event.event_type.as_str(), body.as_str());
        let delivery = NewDelivery { id, webhook, event: event.event_id, event_type, body, now };
        is_due |= recording.deliver(&delivery).await?;
    }
    Ok(is_due)
}

/// The one delivery of this event to this webhook, and the `webhook-id` of all its attempts.
pub(crate) fn delivery_id(webhook: Uuid, event: Uuid) -> Uuid {
    command_id(&webhook.to_string(), "delivery", &event.to_string())
}

#[cfg(test)]
mod tests;
