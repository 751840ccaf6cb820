//! For the tests in here: a store of their own on each database, and what goes into it.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use event_store::Clock;
use sealing::SealingKey;
use service_kit::settings::SecretUrl;
use std::sync::atomic::{AtomicI64, Ordering};
use tempfile::TempDir;
use uuid::Uuid;

use crate::filter::EventFilter;
use crate::owner::Owner;
use crate::secrets::seal_secret;
use crate::signature::SigningSecret;
use crate::store::{Effect, NewDelivery, NewWebhook, WebhookStore};

/// Runs each promise, an `async fn(&Place)`, on each database.
macro_rules! on_each_database {
    ($($promise:ident)*) => {
        #[cfg(feature = "embedded")]
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                super::$promise(&$crate::testing::Place::file()).await;
            })*
        }

        #[cfg(feature = "distributed")]
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                let place = $crate::testing::Place::server().await;
                super::$promise(&place).await;
                place.end().await;
            })*
        }
    };
}
pub(crate) use on_each_database;

/// Where a test's store lies.
pub(crate) enum Place {
    #[cfg(feature = "embedded")]
    File(TempDir),
    #[cfg(feature = "distributed")]
    Server { server: String, name: String },
}

impl Place {
    #[cfg(feature = "embedded")]
    pub(crate) fn file() -> Self {
        Self::File(tempfile::tempdir().unwrap())
    }

    #[cfg(feature = "distributed")]
    pub(crate) async fn server() -> Self {
        let (admin, name) = (test_support::postgres_url().await, test_support::fresh_database_name());
        let server = admin.rsplit_once('/').unwrap().0.to_owned();
        let place = Self::Server { server, name };
        place.administer("CREATE DATABASE").await;
        place
    }

    fn url(&self) -> SecretUrl {
        match self {
            #[cfg(feature = "embedded")]
            Self::File(folder) => format!("sqlite://{}/webhooks.sqlite", folder.path().display()).into(),
            #[cfg(feature = "distributed")]
            Self::Server { server, name } => format!("{server}/{name}").into(),
        }
    }

    /// As each process opens it for itself.
    pub(crate) async fn store(&self) -> WebhookStore {
        WebhookStore::open("store", &self.url()).await.unwrap()
    }

    #[cfg(feature = "distributed")]
    async fn administer(&self, what: &str) {
        use any_database::{AnyDatabase, Schema};
        let Self::Server { server, name } = self else { return };
        let nothing = Schema::Repeated { sqlite: "SELECT 1", postgres: "SELECT 1" };
        let admin = AnyDatabase::open(&format!("{server}/postgres"), &nothing, 1).await.unwrap();
        let sql = match what {
            "CREATE DATABASE" => format!("{what} {name}"),
            _ => format!("{what} {name} WITH (FORCE)"),
        };
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&admin.pool).await.unwrap();
        admin.pool.close().await;
    }

    #[cfg(feature = "distributed")]
    pub(crate) async fn end(self) {
        self.administer("DROP DATABASE").await;
    }
}

/// Stands still until it is moved.
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(at(0).timestamp_millis())))
    }

    pub(crate) fn advance(&self, by: TimeDelta) {
        self.0.fetch_add(by.num_milliseconds(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// So many seconds after the beginning of every test.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
}

pub(crate) fn owner(name: &str) -> Owner {
    Owner::stored(name.to_owned()).unwrap()
}

pub(crate) fn key() -> SealingKey {
    SealingKey::from_bytes(&[7; 32]).unwrap()
}

/// A webhook for everything.
pub(crate) fn new_webhook(owner: &Owner, url: &str) -> NewWebhook {
    let id = Uuid::now_v7();
    NewWebhook {
        id,
        owner: owner.clone(),
        endpoint: url.to_owned().try_into().unwrap(),
        filter: EventFilter::default(),
        description: None,
        secret: seal_secret(&key(), id, &SigningSecret::random().unwrap()).unwrap(),
        created_at: at(0),
    }
}

/// Makes one in the store.
pub(crate) async fn webhook(store: &WebhookStore, owner: &Owner) -> Uuid {
    webhook_at(store, owner, "https://example.org/").await
}

pub(crate) async fn webhook_at(store: &WebhookStore, owner: &Owner, url: &str) -> Uuid {
    let new = new_webhook(owner, url);
    assert_eq!(store.create(None, &new, 100).await.unwrap(), Effect::Done);
    new.id
}

/// A delivery of an event that nobody else knows.
pub(crate) fn delivery(webhook: Uuid, now: DateTime<Utc>) -> NewDelivery<'static> {
    let (id, event) = (Uuid::now_v7(), Uuid::now_v7());
    NewDelivery { id, webhook, event, event_type: "AccountOpened", body: "{}", now }
}

/// Writes so many of them down.
pub(crate) async fn deliveries(store: &WebhookStore, webhook: Uuid, count: usize) -> Vec<Uuid> {
    let mut recording = store.begin().await.unwrap();
    let mut ids = Vec::new();
    for _ in 0..count {
        let new = delivery(webhook, at(0));
        assert!(recording.deliver(&new).await.unwrap());
        ids.push(new.id);
    }
    recording.commit().await.unwrap();
    ids
}
