//! The service as it runs: a subscription on a real bus, and a reader apart from it.

use std::sync::Arc;
use std::time::Duration;

use account_history::store::SqliteViews;
use account_history::view::Views;
use account_history::{Deps, Role, build};
use messaging::dead_letter::SqliteDeadLetters;
use messaging::{DeadLetters, StreamSource};
use service_kit::Tasks;
use service_kit::http::CursorKey;
use test_support::eventually;

use crate::http::config;
use crate::owners::{Down, Lender};
use crate::rebuild::Topics;
use crate::stores::{Store, everything};
use crate::world::World;

struct Updater {
    store: Store,
    dead_letters: Arc<SqliteDeadLetters>,
    topics: Topics,
    tasks: Tasks,
    _folder: tempfile::TempDir,
}

impl Updater {
    async fn start(owner: Arc<dyn StreamSource>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("views.sqlite");
        let store: Store = Arc::new(SqliteViews::open(&path).await.expect("a new file"));
        let dead_letters = Arc::new(SqliteDeadLetters::open(&path).await.expect("a table"));
        let (topics, tasks) = (Topics::new().await, Tasks::new());
        let deps = Deps {
            cursors: CursorKey::derived_from(b"a secret"),
            tokens: crate::http::tokens().verifier(),
            views: Arc::clone(&store),
            bus: topics.bus.clone(),
            dead_letters: dead_letters.clone(),
            owner,
            tasks: tasks.clone(),
        };
        let service = build(&config(Role::Updater), deps).await.expect("an updater");
        assert!(service.subscription.is_some());
        Self { store, dead_letters, topics, tasks, _folder: folder }
    }

    async fn becomes(&self, expected: &Views) {
        eventually(|| async {
            let views = everything(&self.store).await;
            if views == *expected { Ok(()) } else { Err((views.accounts.len(), views.moments.len())) }
        })
        .await;
    }

    async fn stop(self) {
        assert!(self.tasks.shutdown_and_join(Duration::from_secs(10)).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_topics_become_views() {
    let updater = Updater::start(Arc::new(Down)).await;
    let world = World::busy(60, 100);
    updater.topics.publish(&world.events).await;
    updater.topics.publish(&world.events).await;
    updater.becomes(&Views::replay(&world.events).expect("a whole past")).await;
    updater.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_is_parked_and_filled_from_the_owner() {
    let mut world = World::new(61);
    let account = world.open("ada", 1);
    world.deposit(account, 2);
    world.deposit(account, 3);
    let updater = Updater::start(Lender::of(&world.events)).await;
    updater.topics.publish(&[world.events[0].clone(), world.events[3].clone()]).await;
    updater.becomes(&Views::replay(&world.events).expect("a whole past")).await;
    eventually(|| async {
        let parked = updater.dead_letters.parked("account-history").await.expect("the letters");
        if parked.is_empty() { Ok(()) } else { Err(parked) }
    })
    .await;
    updater.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_event_is_parked_and_holds_up_nobody_else() {
    let mut world = World::new(62);
    let (broken, whole) = (world.open("ada", 1), world.open("charles", 1));
    world.deposit(broken, 2);
    world.deposit(whole, 2);
    let mut events = world.events.clone();
    events[1].event_type = "AccountTeleported".to_owned();
    let updater = Updater::start(Arc::new(Down)).await;
    updater.topics.publish(&events).await;
    eventually(|| async {
        let views = everything(&updater.store).await;
        let version = views.accounts.get(&whole).map(|document| document.version.0);
        let letters = updater.dead_letters.list("account-history", None).await.expect("the letters");
        if version == Some(3) && letters.len() == 2 { Ok(()) } else { Err((version, letters.len())) }
    })
    .await;
    assert_eq!(everything(&updater.store).await.accounts[&broken].version.0, 1);
    updater.stop().await;
}
