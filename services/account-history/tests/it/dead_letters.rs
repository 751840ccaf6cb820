//! Dead letters in MongoDB keep the promises of `messaging::DeadLetters`.

use account_history::store::MongoDeadLetters;
use chrono::{DateTime, Duration, Utc};
use messaging::dead_letter::{BEHIND, GAP};
use messaging::{DeadLetter, DeadLetters, Delivery, Message, Position};

use crate::stores::MongoDatabase;

const SUBSCRIPTION: &str = "account-history";

fn letter(key: &str, offset: i64, reason: &str) -> DeadLetter {
    let start: DateTime<Utc> = "2026-01-31T12:00:00Z".parse().expect("a time");
    let topic = "bank.account".to_owned();
    DeadLetter {
        subscription_id: SUBSCRIPTION.to_owned(),
        key: key.to_owned(),
        reason: reason.to_owned(),
        parked_at: start + Duration::microseconds(offset),
        delivery: Delivery {
            position: Position { topic: topic.clone(), partition: 3, offset },
            message: Message {
                topic,
                key: key.to_owned(),
                headers: vec![("ce_id".to_owned(), "7".to_owned()), ("twice".to_owned(), "ä".to_owned())],
                payload: vec![0, 159, 255],
            },
        },
    }
}

#[tokio::test]
async fn letters_wait_in_order_until_they_are_removed() {
    let database = MongoDatabase::fresh().await;
    let letters = MongoDeadLetters::connect(&database.url, &database.name).await.expect("a MongoDB server");
    let (first, second, other) = (letter("a", 5, GAP), letter("a", 9, BEHIND), letter("b", 7, "unreadable"));
    letters.park(&[second.clone(), other.clone()]).await.expect("parked");
    letters
        .park(&[first.clone(), DeadLetter { reason: "again".to_owned(), ..second.clone() }])
        .await
        .expect("parked");
    letters.park(&[]).await.expect("nothing to do");

    let all = letters.list(SUBSCRIPTION, None).await.expect("letters");
    assert_eq!(all, [first.clone(), second.clone(), other.clone()]);
    assert_eq!(
        letters.list(SUBSCRIPTION, Some("a")).await.expect("letters"),
        [first.clone(), second.clone()]
    );
    assert_eq!(letters.list("another", None).await.expect("letters"), []);
    let mut keys = letters.parked_keys(SUBSCRIPTION).await.expect("keys");
    keys.sort();
    assert_eq!(keys, ["a", "b"].map(|key| ("bank.account".to_owned(), key.to_owned())));
    let parked = letters.parked(SUBSCRIPTION).await.expect("keys");
    assert_eq!((parked[0].key.as_str(), parked[0].letters, parked[0].reason.as_str()), ("a", 2, GAP));
    assert_eq!((parked[0].partition, parked[0].parked_at), (3, first.parked_at));

    letters.remove(SUBSCRIPTION, &first.delivery.position).await.expect("removed");
    letters.remove(SUBSCRIPTION, &first.delivery.position).await.expect("nothing to do");
    assert_eq!(letters.list(SUBSCRIPTION, Some("a")).await.expect("letters"), [second]);
    letters.close().await;
    database.drop().await;
}

#[tokio::test]
async fn a_redrive_is_asked_for_and_may_fail() {
    let database = MongoDatabase::fresh().await;
    let letters = MongoDeadLetters::connect(&database.url, &database.name).await.expect("a MongoDB server");
    let (first, second, other) = (letter("a", 5, "broken"), letter("a", 9, BEHIND), letter("b", 7, "broken"));
    letters.park(&[first.clone(), second, other]).await.expect("parked");
    let requested = async || {
        let parked = letters.parked(SUBSCRIPTION).await.expect("keys");
        parked.into_iter().filter(|key| key.redrive_requested).map(|key| key.key).collect::<Vec<_>>()
    };
    assert_eq!(letters.request_redrive(SUBSCRIPTION, Some("a")).await.expect("asked"), 2);
    assert_eq!(requested().await, ["a"]);
    assert_eq!(letters.request_redrive(SUBSCRIPTION, None).await.expect("asked"), 3);
    assert_eq!(requested().await, ["a", "b"]);
    letters.redrive_failed(SUBSCRIPTION, &first.delivery.position, "still broken").await.expect("noted");
    assert_eq!(requested().await, ["b"]);
    let parked = letters.parked(SUBSCRIPTION).await.expect("keys");
    assert_eq!(parked[0].reason, "still broken");
    database.drop().await;
}
