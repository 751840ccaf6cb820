//! Rebuilding: the new views equal the old ones, whatever arrives meanwhile, and nothing is lost on the way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use account_history::projector::Projector;
use account_history::rebuild::{RebuildError, rebuild};
use account_history::store::{StoredAccount, ViewStore, WriteBatch, Written};
use account_history::view::Views;
use async_trait::async_trait;
use domain::account::Account;
use event_store::{RecordedEvent, StoreError, StreamId, Version};
use messaging::embedded::EmbeddedLog;
use messaging::{BatchHandler, Bus, Outcome, StreamSource, to_message};

use crate::owners::{Down, Lender};
use crate::projector::project;
use crate::stores::{Store, active, everything};
use crate::world::World;

store_tests! {
    a_rebuild_equals_the_live_views,
    a_rebuild_repairs_and_says_what_it_repaired,
    nothing_is_lost_while_events_arrive,
    an_event_that_projectors_missed_is_brought_in,
    a_switch_behind_the_projector_s_back_is_noticed,
    a_rebuild_that_died_is_cleared_away,
}

/// A bus in a folder that goes with it.
pub(crate) struct Topics {
    pub(crate) bus: Arc<EmbeddedLog>,
    _folder: tempfile::TempDir,
}

impl Topics {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let bus = EmbeddedLog::open(folder.path().join("bus.sqlite"), 4).await.expect("a new log");
        bus.ensure_topics(&["bank.account", "bank.transfer"]).await.expect("topics");
        Self { bus: Arc::new(bus), _folder: folder }
    }

    pub(crate) async fn publish(&self, events: &[RecordedEvent]) {
        let messages = events.iter().map(|event| to_message(event, "/test")).collect();
        self.bus.publish(messages).await.expect("published");
    }
}

async fn a_rebuild_equals_the_live_views(store: Store) {
    let world = World::busy(30, 80);
    let topics = Topics::new().await;
    topics.publish(&world.events).await;
    // A second relay makes duplicates.
    topics.publish(&world.events[..world.events.len() / 2]).await;
    project(&store, &world.events).await;
    let old = active(&store).await;
    let report = rebuild(Arc::clone(&store), topics.bus.clone(), Arc::new(Down)).await.expect("rebuilt");
    assert_eq!(report.differences, []);
    assert!(report.unreadable.is_empty());
    assert_eq!(report.messages, world.events.len() + world.events.len() / 2);
    assert_eq!(active(&store).await, report.generation);
    assert_ne!(report.generation, old);
    assert_eq!(everything(&store).await, Views::replay(&world.events).expect("a whole past"));
    assert_eq!(store.everything(old).await, Ok(Views::default()), "the old ones are gone");
}

async fn a_rebuild_repairs_and_says_what_it_repaired(store: Store) {
    let world = World::busy(31, 40);
    let topics = Topics::new().await;
    topics.publish(&world.events).await;
    project(&store, &world.events).await;
    let generation = active(&store).await;
    let views = everything(&store).await;
    let (id, _) = views.accounts.iter().find(|(_, document)| document.view().is_some()).expect("an account");
    let StoredAccount { revision, mut document } =
        store.accounts(generation, &[*id]).await.expect("documents").remove(0);
    document.account = Account::default();
    let wrong = WriteBatch { accounts: vec![StoredAccount { revision, document }], ..WriteBatch::default() };
    assert_eq!(store.write(generation, wrong).await, Ok(Written::All));

    let report = rebuild(Arc::clone(&store), topics.bus.clone(), Arc::new(Down)).await.expect("rebuilt");
    let said: Vec<String> = report.differences.iter().map(ToString::to_string).collect();
    assert_eq!(said, [format!("account {id}")]);
    assert_eq!(everything(&store).await, views);
}

async fn nothing_is_lost_while_events_arrive(store: Store) {
    let world = World::busy(32, 100);
    let topics = Topics::new().await;
    let lender = Lender::of(&world.events);
    let running = Arc::new(AtomicBool::new(true));
    let rebuilds = tokio::spawn({
        let (store, bus, lender) = (Arc::clone(&store), topics.bus.clone(), lender.clone());
        let running = Arc::clone(&running);
        async move {
            let mut rebuilds = 0;
            while running.load(Ordering::Relaxed) {
                rebuild(Arc::clone(&store), bus.clone(), lender.clone()).await.expect("rebuilt");
                rebuilds += 1;
            }
            rebuilds
        }
    });
    // What the relay and a subscription do, batch by batch, with two projectors that know nothing of each other.
    let projectors = [0, 1].map(|_| Projector::new(Arc::clone(&store), lender.clone()));
    for (number, batch) in world.events.chunks(6).enumerate() {
        topics.publish(batch).await;
        let mut events = batch.to_vec();
        for round in 0.. {
            let outcomes = projectors[number % 2].handle_batch(&events).await;
            if outcomes.iter().all(|outcome| *outcome == Outcome::Done) {
                break;
            }
            assert!(round < 100, "{outcomes:?}");
            // A gap is filled by the subscription from the owner.
            for (event, outcome) in batch.iter().zip(&outcomes) {
                if let Outcome::Gap { last_seen } = outcome {
                    events = lender.events_after(&event.stream, *last_seen).await.expect("lent");
                    projectors[0].handle_batch(&events).await;
                }
            }
            events = batch.to_vec();
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    running.store(false, Ordering::Relaxed);
    assert!(rebuilds.await.expect("every rebuild succeeds") > 0);
    assert_eq!(everything(&store).await, Views::replay(&world.events).expect("a whole past"));
}

async fn an_event_that_projectors_missed_is_brought_in(store: Store) {
    let mut world = World::new(33);
    let account = world.open("ada", 1);
    project(&store, &world.events).await;
    let next = store.begin_generation().await.expect("a generation");
    store.announce(next).await.expect("announced");
    let before = store.generations().await.expect("the record").building.expect("one");
    world.deposit(account, 5);
    let last = &world.events[world.events.len() - 1..];
    assert_eq!(Projector::new(Arc::clone(&store), Arc::new(Down)).handle_batch(last).await, [Outcome::Done]);
    assert_eq!(store.switch(before).await, Ok(false), "the new generation lacks an event");

    let topics = Topics::new().await;
    topics.publish(&world.events).await;
    rebuild(Arc::clone(&store), topics.bus.clone(), Arc::new(Down)).await.expect("rebuilt");
    assert_eq!(everything(&store).await, Views::replay(&world.events).expect("a whole past"));
}

/// An owner in whose answer a rebuild switches: the worst moment, between a projector's write and its second look.
struct SwitchesMeanwhile(Arc<dyn ViewStore>);

#[async_trait]
impl StreamSource for SwitchesMeanwhile {
    async fn events_after(&self, _: &StreamId, _: Version) -> Result<Vec<RecordedEvent>, StoreError> {
        let building = self.0.generations().await.expect("the record").building.expect("one");
        assert_eq!(self.0.switch(building).await, Ok(true));
        Err(StoreError::Unavailable("too late".to_owned()))
    }
}

async fn a_switch_behind_the_projector_s_back_is_noticed(store: Store) {
    let mut world = World::new(34);
    let account = world.open("ada", 1);
    project(&store, &world.events).await;
    let next = store.begin_generation().await.expect("a generation");
    store.announce(next).await.expect("announced");
    world.deposit(account, 5);
    let projector = Projector::new(Arc::clone(&store), Arc::new(SwitchesMeanwhile(Arc::clone(&store))));
    let outcomes = projector.handle_batch(&world.events[2..]).await;
    assert_eq!(active(&store).await, next);
    assert_eq!(
        outcomes,
        [Outcome::Gap { last_seen: Version::NONE }],
        "not done: the views that are read lack it"
    );
}

async fn a_rebuild_that_died_is_cleared_away(store: Store) {
    let world = World::busy(35, 30);
    let topics = Topics::new().await;
    topics.publish(&world.events).await;
    project(&store, &world.events).await;
    let died = store.begin_generation().await.expect("a generation");
    store.announce(died).await.expect("announced");
    project(&store, &world.events).await;
    assert_ne!(store.everything(died).await, Ok(Views::default()));
    rebuild(Arc::clone(&store), topics.bus.clone(), Arc::new(Down)).await.expect("rebuilt");
    assert_eq!(store.everything(died).await, Ok(Views::default()));
    assert_eq!(everything(&store).await, Views::replay(&world.events).expect("a whole past"));
}

#[tokio::test]
async fn what_the_topics_lack_is_asked_of_the_owner() {
    crate::stores::with_sqlite(|store| async move {
        let mut world = World::new(36);
        let account = world.open("ada", 1);
        world.deposit(account, 2);
        let topics = Topics::new().await;
        topics.publish(&[world.events[0].clone(), world.events[2].clone()]).await;
        let failed = rebuild(Arc::clone(&store), topics.bus.clone(), Arc::new(Down)).await;
        assert!(matches!(failed, Err(RebuildError::Missing(_))), "{failed:?}");
        let lender = Lender::of(&world.events);
        rebuild(Arc::clone(&store), topics.bus.clone(), lender).await.expect("rebuilt");
        assert_eq!(everything(&store).await, Views::replay(&world.events).expect("a whole past"));
    })
    .await;
}

#[tokio::test]
async fn an_unreadable_event_ends_its_stream_and_no_other() {
    crate::stores::with_sqlite(|store| async move {
        let mut world = World::new(37);
        let (broken, whole) = (world.open("ada", 1), world.open("charles", 1));
        world.deposit(broken, 2);
        let mut events = world.events.clone();
        events[1].event_type = "AccountTeleported".to_owned();
        let topics = Topics::new().await;
        topics.publish(&events).await;
        let report = rebuild(Arc::clone(&store), topics.bus.clone(), Arc::new(Down)).await.expect("rebuilt");
        assert_eq!(report.unreadable.keys().collect::<Vec<_>>(), [&format!("account/{broken}")]);
        let views = everything(&store).await;
        assert_eq!(
            (views.accounts[&broken].version, views.accounts[&whole].version),
            (Version(1), Version(2))
        );
    })
    .await;
}
