//! `?at=`: every past of an account equals the folds as far as they had come.

use account_history::view::{AccountView, Views};
use domain::Aggregate;
use domain::account::Account;
use event_store::RecordedEvent;

use crate::http::{Answer, get};
use crate::world::World;

/// What the view would have been then: the events that had happened.
fn replayed(events: &[RecordedEvent]) -> Views {
    Views::replay(events).expect("a whole past")
}

#[tokio::test]
async fn an_account_at_a_version_is_as_it_was() {
    let world = World::busy(50, 60);
    let reader = crate::http::reader_of(&world).await;
    let account = replayed(&world.events).account_views()[0].id;
    let stream = world.stream(account.0);
    for count in 1..=stream.len() {
        let expected = replayed(&stream[..count]).accounts[&account].view().expect("it is open");
        let answer = get(&reader.url, &format!("/v1/accounts/{account}?at={count}"), "").await;
        assert_eq!(answer.header("etag"), format!("\"{count}\""));
        let then: AccountView = answer.is();
        // The account's own stream says nothing about the states of its transfers.
        assert_eq!(AccountView { transfers: Vec::new(), ..then }, expected);
    }
}

#[tokio::test]
async fn an_account_at_a_time_is_as_it_was() {
    let world = World::busy(51, 60);
    let reader = crate::http::reader_of(&world).await;
    let account = replayed(&world.events).account_views()[0].id;
    let at = async |time: &str| -> Answer {
        get(&reader.url, &format!("/v1/accounts/{account}?at={time}"), "").await
    };
    // Every command of this world has a time of its own.
    let mut times: Vec<_> = world.events.iter().map(|event| event.recorded_at).collect();
    times.dedup();
    let mut seen = 0;
    for time in times {
        let happened: Vec<RecordedEvent> =
            world.events.iter().filter(|event| event.recorded_at <= time).cloned().collect();
        let is_open = |event: &RecordedEvent| {
            event.stream.aggregate_type == Account::TYPE && event.stream.aggregate_id == account.0
        };
        let answer = at(&time.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)).await;
        if happened.iter().any(is_open) {
            let expected = replayed(&happened).accounts[&account].view().expect("it is open");
            assert_eq!(answer.is::<AccountView>(), expected, "at {time}");
            seen += 1;
        } else {
            assert_eq!(answer.status, 404);
        }
    }
    assert!(seen > 50, "{seen}");
    let now = world.now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let latest: AccountView = get(&reader.url, &format!("/v1/accounts/{account}"), "").await.is();
    assert_eq!(at(&now).await.is::<AccountView>(), latest);
}
