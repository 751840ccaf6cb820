//! The contract of a store of dead letters.

use chrono::{SubsecRound, Utc};
use messaging::dead_letter::SqliteDeadLetters;
use messaging::{DeadLetter, DeadLetters, Delivery, Message, Position};

const SUBSCRIPTION: &str = "views";

macro_rules! on_every_store {
    ($($test:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test]
                async fn $test() {
                    let folder = tempfile::tempdir().expect("a folder");
                    let store = super::SqliteDeadLetters::open(folder.path().join("letters.db")).await;
                    super::$test(&store.expect("a store")).await;
                }
            )+
        }

        #[cfg(feature = "postgres")]
        mod on_postgres {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test(&$crate::support::postgres_letters().await.letters).await;
                }
            )+
        }
    };
}

on_every_store!(
    letters_come_back_as_they_were_by_key_and_position,
    parking_twice_keeps_the_first,
    parked_keys_are_summed_up,
    a_removed_letter_is_gone,
    a_request_ends_when_the_key_fails_again_or_is_empty,
    subscriptions_do_not_see_each_other,
);

fn letter(key: &str, offset: i64, reason: &str) -> DeadLetter {
    let topic = "bank.account".to_owned();
    DeadLetter {
        subscription_id: SUBSCRIPTION.to_owned(),
        key: key.to_owned(),
        reason: reason.to_owned(),
        parked_at: Utc::now().trunc_subsecs(6),
        delivery: Delivery {
            position: Position { topic: topic.clone(), partition: 3, offset },
            message: Message {
                topic,
                key: key.to_owned(),
                headers: vec![("ce_id".to_owned(), "ü".to_owned()), ("empty".to_owned(), String::new())],
                payload: vec![0, 255, 1],
            },
        },
    }
}

async fn letters_come_back_as_they_were_by_key_and_position(store: &dyn DeadLetters) {
    let (a2, a10, b5) = (letter("a", 2, "refused"), letter("a", 10, "behind"), letter("b", 5, "gap"));
    store.park(&[a10.clone(), b5.clone()]).await.expect("parked");
    store.park(std::slice::from_ref(&a2)).await.expect("parked");
    assert_eq!(store.list(SUBSCRIPTION, None).await.expect("letters"), [a2.clone(), a10.clone(), b5]);
    assert_eq!(store.list(SUBSCRIPTION, Some("a")).await.expect("letters"), [a2, a10]);
    assert!(store.list(SUBSCRIPTION, Some("c")).await.expect("letters").is_empty());
}

async fn parking_twice_keeps_the_first(store: &dyn DeadLetters) {
    let first = letter("a", 2, "refused");
    store.park(std::slice::from_ref(&first)).await.expect("parked");
    store.park(&[letter("a", 2, "behind")]).await.expect("parked");
    assert_eq!(store.list(SUBSCRIPTION, None).await.expect("letters"), [first]);
}

async fn parked_keys_are_summed_up(store: &dyn DeadLetters) {
    assert!(store.parked(SUBSCRIPTION).await.expect("keys").is_empty());
    let first = letter("a", 4, "refused");
    store.park(&[first.clone(), letter("a", 2, "behind"), letter("a", 9, "behind")]).await.expect("parked");
    store.park(&[letter("b", 5, "gap")]).await.expect("parked");
    let keys = store.parked(SUBSCRIPTION).await.expect("keys");
    let told: Vec<_> =
        keys.iter().map(|key| (key.key.as_str(), key.partition, key.letters, key.reason.as_str())).collect();
    assert_eq!(told, [("a", 3, 3, "refused"), ("b", 3, 1, "gap")]);
    assert!(keys.iter().all(|key| !key.redrive_requested));
    assert!(keys[0].parked_at <= keys[1].parked_at, "the oldest first");
    let mut parked = store.parked_keys(SUBSCRIPTION).await.expect("keys");
    parked.sort();
    let topic = "bank.account".to_owned();
    assert_eq!(parked, [(topic.clone(), "a".to_owned()), (topic, "b".to_owned())]);
}

async fn a_removed_letter_is_gone(store: &dyn DeadLetters) {
    let (first, second) = (letter("a", 2, "refused"), letter("a", 3, "behind"));
    store.park(&[first.clone(), second.clone()]).await.expect("parked");
    store.remove(SUBSCRIPTION, &first.delivery.position).await.expect("removed");
    store.remove(SUBSCRIPTION, &first.delivery.position).await.expect("removing it again does no harm");
    assert_eq!(store.list(SUBSCRIPTION, None).await.expect("letters"), [second]);
}

async fn a_request_ends_when_the_key_fails_again_or_is_empty(store: &dyn DeadLetters) {
    let (a2, a3, b5) = (letter("a", 2, "refused"), letter("a", 3, "behind"), letter("b", 5, "gap"));
    store.park(&[a2.clone(), a3.clone(), b5]).await.expect("parked");
    assert_eq!(store.request_redrive(SUBSCRIPTION, Some("a")).await.expect("requested"), 2);
    let requested = |keys: Vec<messaging::ParkedKey>| keys.into_iter().map(|key| key.redrive_requested);
    let keys = store.parked(SUBSCRIPTION).await.expect("keys");
    assert_eq!(requested(keys).collect::<Vec<_>>(), [true, false]);
    store.remove(SUBSCRIPTION, &a2.delivery.position).await.expect("removed");
    store.redrive_failed(SUBSCRIPTION, &a3.delivery.position, "refused too").await.expect("noted");
    let keys = store.parked(SUBSCRIPTION).await.expect("keys");
    assert_eq!(keys[0].reason, "refused too");
    assert_eq!(requested(keys).collect::<Vec<_>>(), [false, false]);
    assert_eq!(store.request_redrive(SUBSCRIPTION, None).await.expect("requested"), 2);
}

async fn subscriptions_do_not_see_each_other(store: &dyn DeadLetters) {
    store.park(&[letter("a", 2, "refused")]).await.expect("parked");
    assert!(store.list("another", None).await.expect("letters").is_empty());
    assert!(store.parked("another").await.expect("keys").is_empty());
    assert_eq!(store.request_redrive("another", None).await.expect("requested"), 0);
}
