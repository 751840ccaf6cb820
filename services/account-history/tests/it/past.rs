//! `?at=`: every past of an account equals the folds as far as they had come.

use account_history::view::{AccountView, EntryView, Views};
use domain::Aggregate;
use domain::account::Account;
use event_store::RecordedEvent;
use serde_json::Value;

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

#[tokio::test]
async fn entries_and_the_balance_are_as_they_were() {
    let world = World::busy(52, 60);
    let reader = crate::http::reader_of(&world).await;
    let account = replayed(&world.events).account_views()[0].id;
    let one = format!("/v1/accounts/{account}");
    let stream = world.stream(account.0);
    for count in (1..=stream.len()).step_by(5).chain([stream.len()]) {
        let views = replayed(&stream[..count]);
        let then = views.accounts[&account].view().expect("it is open");
        let mut expected = views.entry_views();
        expected.reverse();
        let time = then.updated_at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        let at = [count.to_string(), time];
        // A time brings everything of that time; in this world the next event may have the same.
        let is_alone = stream.get(count).is_none_or(|next| next.recorded_at > stream[count - 1].recorded_at);
        for at in at.iter().take(if is_alone { 2 } else { 1 }) {
            // Page by page, and each page says where its past ends.
            let entries: Vec<EntryView> = reader.all(&format!("{one}/entries?at={at}")).await;
            assert_eq!(entries, expected, "at {at}");
            let answer = reader.get(&format!("{one}/balance?at={at}")).await;
            assert_eq!(answer.header("etag"), format!("\"{count}\""));
            let balance: Value = answer.is();
            assert_eq!(balance["balance"], then.balance.minor_units(), "at {at}");
            assert_eq!(balance["available"], then.terms.available.minor_units(), "at {at}");
            assert_eq!((&balance["version"], &balance["currency"]), (&count.into(), &"USD".into()));
            assert_eq!(balance["accountId"], account.to_string());
        }
    }
    let latest: AccountView = reader.get(&one).await.is();
    let now: Value = reader.get(&format!("{one}/balance")).await.is();
    assert_eq!(now["balance"], latest.balance.minor_units());
    for path in ["entries", "balance"] {
        reader.get(&format!("{one}/{path}?at=yesterday")).await.is_problem(400, "invalid-query");
        reader.get(&format!("{one}/{path}?at=100000")).await.is_problem(412, "view-out-of-date");
        reader.get(&format!("{one}/{path}?minVersion=100000")).await.is_problem(412, "view-out-of-date");
        reader
            .get(&format!("{one}/{path}?at=1999-01-01T00:00:00Z"))
            .await
            .is_problem(404, "account-not-found");
    }
}

/// Without its `at`, a cursor still goes on where the page of the past ended.
#[tokio::test]
async fn a_cursor_stays_in_the_past() {
    let mut world = World::new(53);
    let account = world.open("ada", 100);
    (0..10).for_each(|_| world.deposit(account, 1));
    let reader = crate::http::reader_of(&world).await;
    let entries = format!("/v1/accounts/{account}/entries");
    let first = reader.get(&format!("{entries}?at=8&limit=2")).await;
    assert!(first.header("link").contains("at=8"), "{}", first.header("link"));
    let next = first.body["next"].as_str().expect("a next page").to_owned();
    for query in ["", "&at=8"] {
        let page: Value = reader.get(&format!("{entries}?limit=2&cursor={next}{query}")).await.is();
        assert_eq!((&page["items"][0]["version"], &page["items"][1]["version"]), (&6.into(), &5.into()));
    }
}
