//! The projector: whatever the order and however often, the views equal a replay of the events.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use account_history::projector::Projector;
use account_history::store::{WriteBatch, Written};
use account_history::view::Views;
use domain::Aggregate;
use domain::account::Account;
use event_store::{Payload, RecordedEvent, Version};
use messaging::{BatchHandler, Outcome};
use serde_json::json;
use uuid::Uuid;

use crate::owners::{Down, Lender};
use crate::stores::{Store, active, everything};
use crate::world::{World, shuffled};

store_tests! {
    views_equal_a_replay,
    any_order_between_the_topics_gives_the_same_views,
    the_same_batch_again_changes_nothing,
    an_older_event_changes_nothing,
    a_gap_stops_its_stream_and_no_other,
    an_unreadable_event_stops_its_stream_and_no_other,
    projectors_at_once_lose_nothing,
    a_crash_between_rows_and_documents_is_completed,
    a_transfer_may_come_before_its_accounts,
}

fn projector(store: &Store) -> Projector {
    Projector::new(Arc::clone(store), Arc::new(Down))
}

fn all_done(outcomes: &[Outcome]) -> bool {
    outcomes.iter().all(|outcome| *outcome == Outcome::Done)
}

pub(crate) async fn project(store: &Store, events: &[RecordedEvent]) {
    let projector = projector(store);
    for batch in events.chunks(50) {
        let outcomes = projector.handle_batch(batch).await;
        assert!(all_done(&outcomes), "{outcomes:?}");
    }
}

#[track_caller]
fn assert_equal(stored: &Views, expected: &Views) {
    for (id, document) in &expected.accounts {
        assert_eq!(stored.accounts.get(id), Some(document));
    }
    for (key, moment) in &expected.moments {
        assert_eq!(stored.moments.get(key), Some(moment));
    }
    for (id, transfer) in &expected.transfers {
        assert_eq!(stored.transfers.get(id), Some(transfer));
    }
    assert_eq!(stored, expected);
}

async fn views_equal_a_replay(store: Store) {
    let world = World::busy(7, 120);
    project(&store, &world.events).await;
    let stored = everything(&store).await;
    assert_equal(&stored, &Views::replay(&world.events).expect("a whole past"));
    for (id, document) in &stored.accounts {
        assert_eq!(&document.account, world.folded_account(*id));
    }
    for (id, document) in &stored.transfers {
        let folded = world.folded_transfer(*id).created().expect("created");
        assert_eq!((document.transfer.state, document.transfer.reason), (folded.status(), folded.reason()));
        assert_eq!(document.transfer.at, folded.created_at);
    }
}

async fn any_order_between_the_topics_gives_the_same_views(store: Store) {
    let seed = u64::from_be_bytes(*Uuid::now_v7().as_bytes().last_chunk().expect("eight bytes"));
    println!("seed {seed}");
    let mut all = Vec::new();
    for round in 0..3 {
        let mut world = World::busy(seed.wrapping_add(round), 60);
        for batch in shuffled(&world.events, &mut world.random) {
            let outcomes = projector(&store).handle_batch(&batch).await;
            assert!(all_done(&outcomes), "seed {seed}: {outcomes:?}");
        }
        all.extend(world.events);
        assert_equal(&everything(&store).await, &Views::replay(&all).expect("a whole past"));
    }
}

async fn the_same_batch_again_changes_nothing(store: Store) {
    let world = World::busy(3, 40);
    project(&store, &world.events).await;
    let generation = active(&store).await;
    let ids: Vec<_> = everything(&store).await.accounts.into_keys().collect();
    let mut before = store.accounts(generation, &ids).await.expect("documents");
    for batch in world.events.chunks(7) {
        assert!(all_done(&projector(&store).handle_batch(batch).await));
    }
    let mut after = store.accounts(generation, &ids).await.expect("documents");
    before.sort_by_key(|stored| stored.document.id);
    after.sort_by_key(|stored| stored.document.id);
    assert_eq!(before, after, "not even the revision");
    assert_equal(&everything(&store).await, &Views::replay(&world.events).expect("a whole past"));
}

async fn an_older_event_changes_nothing(store: Store) {
    let world = World::busy(4, 40);
    project(&store, &world.events).await;
    let before = everything(&store).await;
    for event in world.events.iter().rev() {
        assert_eq!(projector(&store).handle_batch(std::slice::from_ref(event)).await, [Outcome::Done]);
    }
    assert_eq!(everything(&store).await, before);
}

async fn a_gap_stops_its_stream_and_no_other(store: Store) {
    let mut world = World::new(5);
    let (gapped, whole) = (world.open("ada", 1), world.open("charles", 1));
    world.deposit(gapped, 2);
    world.deposit(whole, 3);
    let mut batch = world.stream(gapped.0);
    batch.remove(1);
    batch.extend(world.stream(whole.0));
    let outcomes = projector(&store).handle_batch(&batch).await;
    assert_eq!(outcomes[0], Outcome::Done);
    assert_eq!(outcomes[1], Outcome::Gap { last_seen: Version(1) });
    assert!(all_done(&outcomes[2..]), "{outcomes:?}");
    let views = everything(&store).await;
    assert_eq!(views.accounts[&gapped].version, Version(1));
    assert_eq!(views.accounts[&whole].version, Version(3));

    project(&store, &world.events).await;
    assert_equal(&everything(&store).await, &Views::replay(&world.events).expect("a whole past"));
}

async fn an_unreadable_event_stops_its_stream_and_no_other(store: Store) {
    let mut world = World::new(6);
    let (broken, whole) = (world.open("ada", 1), world.open("charles", 1));
    world.deposit(broken, 2);
    let mut batch = world.events.clone();
    let readable = batch[1].payload.clone();
    batch[1].payload = Payload::try_from(&json!({"money": "much"})).expect("JSON");
    let outcomes = projector(&store).handle_batch(&batch).await;
    assert!(matches!(outcomes[1], Outcome::DeadLetter(_)), "{outcomes:?}");
    assert!(matches!(outcomes[4], Outcome::DeadLetter(_)), "{outcomes:?}");
    let views = everything(&store).await;
    assert_eq!((views.accounts[&broken].version, views.accounts[&whole].version), (Version(1), Version(2)));

    // Once it was folded, nobody minds that it cannot be read.
    let unreadable = batch[1].clone();
    batch[1].payload = readable;
    project(&store, &batch).await;
    assert_eq!(projector(&store).handle_batch(&[unreadable]).await, [Outcome::Done]);
}

async fn projectors_at_once_lose_nothing(store: Store) {
    let world = World::busy(8, 150);
    let (accounts, transfers): (Vec<_>, Vec<_>) =
        world.events.iter().cloned().partition(|event| event.stream.aggregate_type == Account::TYPE);
    let work = [accounts.clone(), transfers, accounts].map(|events| {
        let projector = projector(&store);
        tokio::spawn(async move {
            for batch in events.chunks(5) {
                // What the subscription does with a batch that lost too many races.
                while !all_done(&projector.handle_batch(batch).await) {
                    tokio::task::yield_now().await;
                }
            }
        })
    });
    for worker in work {
        worker.await.expect("no projector panics");
    }
    assert_equal(&everything(&store).await, &Views::replay(&world.events).expect("a whole past"));
}

async fn a_crash_between_rows_and_documents_is_completed(store: Store) {
    let world = World::busy(9, 60);
    let expected = Views::replay(&world.events).expect("a whole past");
    let half = WriteBatch {
        moments: expected.moments.values().cloned().collect(),
        transfers: expected.transfers.values().cloned().collect(),
        accounts: Vec::new(),
    };
    assert_eq!(store.write(active(&store).await, half).await, Ok(Written::All));
    assert!(everything(&store).await.accounts.is_empty());
    project(&store, &world.events).await;
    assert_equal(&everything(&store).await, &expected);
}

async fn a_transfer_may_come_before_its_accounts(store: Store) {
    let mut world = World::new(10);
    let ada = world.open("ada", 100);
    let late = domain::ids::AccountId(Uuid::now_v7());
    let refused = world.transfer(ada, late, 10);
    world.settle();
    let (accounts, transfers): (Vec<_>, Vec<_>) =
        world.events.iter().cloned().partition(|event| event.stream.aggregate_type == Account::TYPE);
    project(&store, &transfers).await;
    project(&store, &accounts).await;
    let views = everything(&store).await;
    let hidden = &views.accounts[&late];
    assert_eq!(hidden.version, Version(1), "its refusal counts");
    assert_eq!(hidden.view(), None, "but nobody sees it");

    world.open_as(late, "late", 5);
    project(&store, &world.stream(late.0)).await;
    let view = everything(&store).await.accounts[&late].view().expect("it was opened");
    assert_eq!(view.version, Version(3));
    assert_eq!(view.transfers.iter().map(|transfer| transfer.transfer_id).collect::<Vec<_>>(), [refused]);
    assert_eq!(view.changes.len(), 1);
}

/// A generation that was announced gets every event too, and what it lacks from the owner.
#[tokio::test]
async fn an_announced_generation_is_kept_too() {
    crate::stores::with_sqlite(|store| async move {
        let world = World::busy(11, 40);
        let (before, after) = world.events.split_at(world.events.len() / 2);
        project(&store, before).await;
        let next = store.begin_generation().await.expect("a generation");
        assert!(store.announce(next).await.expect("announced"));
        let lender = Lender::of(&world.events);
        let projector = Projector::new(Arc::clone(&store), lender.clone());
        for batch in after.chunks(10) {
            assert!(all_done(&projector.handle_batch(batch).await));
        }
        assert!(lender.asked.load(Ordering::Relaxed) > 0);
        let (live, next) = (everything(&store).await, store.everything(next).await.expect("all"));
        for event in after {
            let id = domain::ids::AccountId(event.stream.aggregate_id);
            if event.stream.aggregate_type == Account::TYPE {
                assert_eq!(next.accounts[&id].version, live.accounts[&id].version);
            }
        }
        assert_eq!(store.generations().await.expect("the record").building.expect("one").missed, 0);
    })
    .await;
}
