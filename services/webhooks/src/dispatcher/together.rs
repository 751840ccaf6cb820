//! Dispatchers at work on one store, as several processes are, and a receiver.

use std::collections::HashMap;
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Mutex;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use chrono::TimeDelta;
use service_kit::Span;
use test_support::eventually;
use tokio::net::TcpListener;

use super::*;
use crate::testing::{Place, TestClock, deliveries, key, on_each_database, owner, webhook, webhook_at};

on_each_database! {
    two_at_once_send_each_delivery_once
    who_is_killed_between_sending_and_recording_sends_it_again_under_its_id
    one_that_hangs_holds_up_its_own_deliveries_alone
    what_is_sent_is_signed_with_the_secrets_that_are_good
}

/// A message as it came.
type Message = (HeaderMap, String);

/// What came, by `webhook-id`.
#[derive(Clone, Default)]
struct Received(Arc<Mutex<HashMap<String, Vec<Message>>>>);

impl Received {
    fn ids(&self) -> Vec<(String, usize)> {
        self.0.lock().unwrap().iter().map(|(id, messages)| (id.clone(), messages.len())).collect()
    }
}

async fn note(State(received): State<Received>, headers: HeaderMap, body: String) {
    let id = headers["webhook-id"].to_str().unwrap().to_owned();
    received.0.lock().unwrap().entry(id).or_default().push((headers, body));
}

async fn receiver() -> (String, Received) {
    let received = Received::default();
    let routes = Router::new().route("/", post(note)).route("/hangs", post(std::future::pending::<()>));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let routes = routes.with_state(received.clone());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (url, received)
}

fn settings() -> DeliverySettings {
    DeliverySettings {
        allow_http: true,
        allow_private_addresses: true,
        timeout: Span::seconds(2),
        first_retry: Span::seconds(1),
        longest_retry: Span::seconds(1),
        attempts: NonZeroU32::new(3).unwrap(),
        disable_after: Span::seconds(3600),
        at_once: NonZeroUsize::new(4).unwrap(),
        at_once_per_webhook: NonZeroU32::new(4).unwrap(),
        poll_interval: Span::millis(5),
        keep: Span::seconds(3600),
        old_secret_signs: Span::seconds(1),
        most_webhooks: NonZeroU32::MIN,
    }
}

async fn dispatcher(place: &Place, clock: &Arc<TestClock>) -> Dispatcher {
    dispatcher_with(place, clock, settings()).await
}

async fn dispatcher_with(place: &Place, clock: &Arc<TestClock>, settings: DeliverySettings) -> Dispatcher {
    Dispatcher {
        store: place.store().await,
        sender: Sender::new(&settings).unwrap(),
        sealing: key(),
        settings: Arc::new(settings),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        due: Arc::default(),
    }
}

async fn nothing_waits(store: &WebhookStore) {
    eventually(|| async {
        match store.count_waiting().await.unwrap() {
            0 => Ok(()),
            waiting => Err(waiting),
        }
    })
    .await;
}

async fn two_at_once_send_each_delivery_once(place: &Place) {
    let ((url, received), clock) = (receiver().await, TestClock::new());
    let (one, other) = (dispatcher(place, &clock).await, dispatcher(place, &clock).await);
    let mut sent = Vec::new();
    for name in ["ada", "bob", "cyd"] {
        let id = webhook_at(&one.store, &owner(name), &url).await;
        sent.extend(deliveries(&one.store, id, 20).await);
    }
    let (shutdown, store) = (CancellationToken::new(), one.store.clone());
    let running = [tokio::spawn(one.run(shutdown.clone())), tokio::spawn(other.run(shutdown.clone()))];

    nothing_waits(&store).await;
    shutdown.cancel();
    for ended in running {
        ended.await.unwrap();
    }

    let ids = received.ids();
    assert_eq!(ids.len(), sent.len());
    assert!(ids.iter().all(|(_, times)| *times == 1), "{ids:?}");
}

async fn who_is_killed_between_sending_and_recording_sends_it_again_under_its_id(place: &Place) {
    let ((url, received), clock) = (receiver().await, TestClock::new());
    let killed = dispatcher(place, &clock).await;
    let id = webhook_at(&killed.store, &owner("ada"), &url).await;
    let sent = deliveries(&killed.store, id, 1).await[0].to_string();
    let lease = killed.settings.timeout.get() + MARGIN;
    let turn = killed.store.take_turn(clock.now(), lease, 1).await.unwrap().unwrap();
    // It sends, and nothing of that is written down.
    let outgoing = Outgoing { id: &sent, timestamp: 1, signature: "v1,", body: &turn.due[0].body };
    assert!(matches!(killed.sender.post(&turn.endpoint, &outgoing).await, Attempt::Delivered(_)));
    drop(killed);

    let (next, shutdown) = (dispatcher(place, &clock).await, CancellationToken::new());
    let store = next.store.clone();
    let running = tokio::spawn(next.run(shutdown.clone()));
    clock.advance(TimeDelta::from_std(lease).unwrap());
    nothing_waits(&store).await;
    shutdown.cancel();
    running.await.unwrap();

    assert_eq!(received.ids(), [(sent, 2)]);
}

async fn one_that_hangs_holds_up_its_own_deliveries_alone(place: &Place) {
    let ((url, received), clock) = (receiver().await, TestClock::new());
    // Longer than this test: not one attempt at what hangs is over by its end.
    let patient = DeliverySettings { timeout: Span::seconds(3600), ..settings() };
    let dispatcher = dispatcher_with(place, &clock, patient).await;
    let store = dispatcher.store.clone();
    let hanging = webhook_at(&store, &owner("mallory"), &format!("{url}hangs")).await;
    deliveries(&store, hanging, 50).await;
    let good = webhook_at(&store, &owner("ada"), &url).await;
    let sent = deliveries(&store, good, 12).await;
    let running = tokio::spawn(dispatcher.run(CancellationToken::new()));

    eventually(|| async {
        let came = received.ids().len();
        if came == sent.len() { Ok(()) } else { Err(came) }
    })
    .await;

    assert!(store.count_waiting().await.unwrap() >= 50, "all that goes to what hangs is still to be sent");
    running.abort();
}

async fn what_is_sent_is_signed_with_the_secrets_that_are_good(place: &Place) {
    use crate::secrets::seal_secret;
    use crate::store::Target;

    let ((url, received), clock) = (receiver().await, TestClock::new());
    let (dispatcher, ada) = (dispatcher(place, &clock).await, owner("ada"));
    let store = dispatcher.store.clone();
    let id = webhook_at(&store, &ada, &url).await;
    let new = SigningSecret::random().unwrap();
    let sealed = seal_secret(&key(), id, &new).unwrap();
    let target = Target { owner: &ada, webhook: id, expected: None };
    store.rotate_secret(None, &target, sealed, clock.now() + TimeDelta::seconds(9)).await.unwrap();
    let sent = deliveries(&store, id, 1).await[0].to_string();
    // Another webhook, so that its secret could be taken for this one's.
    webhook(&store, &owner("bob")).await;
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(dispatcher.run(shutdown.clone()));
    nothing_waits(&store).await;
    shutdown.cancel();
    running.await.unwrap();

    let (headers, body) = received.0.lock().unwrap()[&sent][0].clone();
    let timestamp = clock.now().timestamp();
    assert_eq!(headers["webhook-timestamp"], timestamp.to_string());
    let signed: Vec<&str> = headers["webhook-signature"].to_str().unwrap().split(' ').collect();
    assert_eq!((signed.len(), signed[0]), (2, signatures(&[new], &sent, timestamp, &body).as_str()));
}
