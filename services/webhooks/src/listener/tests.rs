//! Who is told of what happens, by the events alone.

use domain::event::Payload;
use domain::ids::{AccountId, TransferId};
use event_store::{CommitId, Metadata, Version};
use serde_json::{Value, json};

use super::*;
use crate::store::{Effect, NewWebhook};
use crate::testing::{Place, TestClock, at, new_webhook, on_each_database, owner};

on_each_database! {
    each_hears_of_their_own
    a_message_that_comes_again_makes_no_second_delivery
    what_was_before_the_webhook_is_not_told
    an_event_that_cannot_be_read_holds_up_its_own_stream_alone
}

fn recorded(aggregate: &str, id: u128, version: i64, event_type: &str, payload: Value) -> RecordedEvent {
    RecordedEvent {
        stream: StreamId::new(aggregate, Uuid::from_u128(id)),
        version: Version(version),
        event_id: Uuid::now_v7(),
        event_type: event_type.to_owned(),
        schema_version: 1,
        payload: Payload::try_from(&payload).unwrap(),
        metadata: Metadata { actor: Some("ada".to_owned()), ..Metadata::default() },
        command_id: Uuid::now_v7(),
        recorded_at: at(0),
        commit_id: CommitId(1),
        ordinal: 0,
    }
}

const ADAS: u128 = 0xada;
const BOBS: u128 = 0xb0b;
const TRANSFER: u128 = 7;

fn opened(account: u128, owner: &str) -> RecordedEvent {
    let payload = json!({
        "accountId": AccountId(Uuid::from_u128(account)), "customerId": owner, "title": "Daily", "currency": "USD", "at": at(0),
    });
    recorded("account", account, 1, "AccountOpened", payload)
}

fn transfer() -> Value {
    json!({
        "transferId": TransferId(Uuid::from_u128(TRANSFER)),
        "fromAccountId": AccountId(Uuid::from_u128(ADAS)),
        "toAccountId": AccountId(Uuid::from_u128(BOBS)),
        "money": {"amount": 5, "currency": "USD"},
        "actor": "ada",
        "deadline": at(60),
    })
}

fn of_transfer(version: i64, event_type: &str, more: Value) -> RecordedEvent {
    let mut payload = json!({"transfer": transfer()});
    payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    recorded("transfer", TRANSFER, version, event_type, payload)
}

struct World {
    listener: Listener,
    webhooks: Vec<(&'static str, Uuid)>,
}

impl World {
    async fn new(place: &Place, created_at: DateTime<Utc>) -> Self {
        let listener = Listener { store: place.store().await, clock: TestClock::new(), due: Arc::default() };
        let mut webhooks = Vec::new();
        for name in ["ada", "bob", "mallory", "operators"] {
            let new = NewWebhook { created_at, ..new_webhook(&owner(name), "https://example.org/") };
            assert_eq!(listener.store.create(None, &new, 9).await.unwrap(), Effect::Done);
            webhooks.push((name, new.id));
        }
        Self { listener, webhooks }
    }

    async fn happens(&self, events: &[RecordedEvent]) {
        let outcomes = self.listener.handle_batch(events).await;
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done), "{outcomes:?}");
    }

    /// The types that each was told of so far.
    async fn told(&self, name: &str) -> Vec<String> {
        let (_, id) = self.webhooks.iter().find(|(owner, _)| *owner == name).unwrap();
        let deliveries = self.listener.store.deliveries(*id, None, 99).await.unwrap();
        let mut types: Vec<_> = deliveries.into_iter().map(|delivery| delivery.event_type).collect();
        types.sort();
        types
    }
}

async fn each_hears_of_their_own(place: &Place) {
    let world = World::new(place, at(0)).await;
    world.happens(&[opened(ADAS, "ada"), opened(BOBS, "bob")]).await;
    world.happens(&[of_transfer(1, "MoneyTransferCreated", json!({"at": at(0)}))]).await;
    world.happens(&[of_transfer(2, "DebitRecorded", json!({"owner": "ada"}))]).await;
    assert_eq!(world.told("ada").await, ["AccountOpened", "DebitRecorded", "MoneyTransferCreated"]);
    assert_eq!(world.told("bob").await, ["AccountOpened"], "nothing has reached him");

    let rejected = json!({"transferId": TransferId(Uuid::from_u128(TRANSFER)), "reason": "account-frozen"});
    world.happens(&[recorded("account", BOBS, 2, "AccountCreditRejected", rejected)]).await;
    world.happens(&[of_transfer(3, "CreditRecorded", json!({"owner": "bob"}))]).await;

    assert_eq!(world.told("bob").await, ["AccountOpened", "CreditRecorded"]);
    assert_eq!(world.told("ada").await.len(), 4);
    assert_eq!(world.told("mallory").await, [] as [&str; 0]);
    assert_eq!(world.told("operators").await.len(), 6);
}

async fn a_message_that_comes_again_makes_no_second_delivery(place: &Place) {
    let world = World::new(place, at(0)).await;
    let events = [opened(ADAS, "ada"), of_transfer(1, "MoneyTransferCreated", json!({"at": at(0)}))];
    for _ in 0..3 {
        world.happens(&events).await;
    }
    world.happens(&[events.clone(), events].concat()).await;
    assert_eq!(world.told("ada").await, ["AccountOpened", "MoneyTransferCreated"]);
}

async fn what_was_before_the_webhook_is_not_told(place: &Place) {
    let world = World::new(place, at(61)).await;
    world.happens(&[opened(ADAS, "ada")]).await;
    assert_eq!(world.told("ada").await, [] as [&str; 0]);
    let later = RecordedEvent {
        recorded_at: at(1),
        ..recorded("account", ADAS, 2, "AccountClosed", json!({"at": at(1)}))
    };
    world.happens(&[later]).await;
    assert_eq!(world.told("ada").await, ["AccountClosed"], "the clocks may be a minute apart");
}

async fn an_event_that_cannot_be_read_holds_up_its_own_stream_alone(place: &Place) {
    let world = World::new(place, at(0)).await;
    let unreadable = recorded("account", ADAS, 1, "AccountOpened", json!({}));
    let later = recorded("account", ADAS, 2, "AccountClosed", json!({"at": at(0)}));
    let outcomes = world.listener.handle_batch(&[unreadable, later, opened(BOBS, "bob")]).await;
    assert!(matches!(outcomes[..], [Outcome::DeadLetter(_), Outcome::Done, Outcome::Done]), "{outcomes:?}");
    assert_eq!(world.told("operators").await, ["AccountOpened"], "what comes after it waits with it");
    assert_eq!(world.told("bob").await, ["AccountOpened"]);
}

#[test]
fn a_delivery_has_one_id() {
    let (webhook, event) = (Uuid::from_u128(1), Uuid::from_u128(2));
    // Receivers know what they have by it: it must never change.
    assert_eq!(delivery_id(webhook, event), delivery_id(webhook, event));
    assert_ne!(delivery_id(webhook, event), delivery_id(event, webhook));
}
