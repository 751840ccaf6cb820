//! The contract on PostgreSQL, and what several processes on one database may rely on besides.

use std::sync::Arc;

use async_trait::async_trait;
use event_store::postgres::{PostgresEventStore, PostgresOptions};
use event_store::{
    Commands, CommitNotice, CommitNotices, Conflict, EventStore, ExecuteError, LaneSettings, StoreError,
    Until, Version,
};
use futures::future::{join, join_all};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor, query_scalar, raw_sql};
use test_support::{eventually, fresh_database_name, postgres_url};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::backend::{Backend, run};
use crate::contract::keeps_every_promise;
use crate::contract::outbox::pending_ids;
use crate::shelf::{Order, commit, once, orders, put, shelf_stream, shelves};

keeps_every_promise!(crate::postgres::Database::new());

/// A database that only one test uses.
struct Database {
    server: String,
    name: String,
}

impl Database {
    async fn new() -> Self {
        let database = Self { server: postgres_url().await, name: fresh_database_name() };
        database.administer(format!("CREATE DATABASE {}", database.name)).await;
        database
    }

    async fn administer(&self, statement: String) {
        let mut server = PgConnection::connect(&self.server).await.unwrap();
        raw_sql(AssertSqlSafe(statement)).execute(&mut server).await.unwrap();
        server.close().await.unwrap();
    }

    fn url(&self) -> String {
        let (server, _) = self.server.rsplit_once('/').unwrap();
        format!("{server}/{}", self.name)
    }

    async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url()).await.unwrap()
    }

    async fn store(&self) -> PostgresEventStore {
        PostgresEventStore::connect(&self.url(), PostgresOptions::default()).await.unwrap()
    }

    /// How many connections others have to it.
    async fn connections(&self) -> i64 {
        let count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
        query_scalar(count).fetch_one(&mut self.connect().await).await.unwrap()
    }

    async fn kill_connections(&self) {
        self.tamper(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;
    }
}

#[async_trait]
impl Backend for Database {
    async fn open(&self) -> Arc<dyn EventStore> {
        Arc::new(self.store().await)
    }

    async fn tamper(&self, statement: &'static str) {
        let mut connection = self.connect().await;
        raw_sql(statement).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    async fn remove(&self) {
        self.administer(format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }
}

/// A commit of another process that has its id and is not yet committed.
const BEGIN_LATE_COMMIT: &str = r#"
    BEGIN;
    INSERT INTO outbox (commit_id) VALUES (nextval('commit_ids'));
    INSERT INTO events VALUES ('shelf', gen_random_uuid(), 1, gen_random_uuid(), 'ItemsPut', 2, '{"items": 1}',
                               '{}', gen_random_uuid(), now(), currval('commit_ids'), 0);
"#;

#[tokio::test]
async fn a_late_committer_is_not_skipped() {
    run(Database::new().await, async |database: Arc<Database>| {
        let store = database.open().await;
        let mut late = database.connect().await;
        late.execute(raw_sql(BEGIN_LATE_COMMIT)).await.unwrap();

        let early = store.append(commit(Uuid::now_v7(), 0, &[put(1)])).await.unwrap()[0].commit_id;
        assert_eq!(pending_ids(&*store).await, [early]);
        store.mark_published(&[early]).await.unwrap();
        late.execute("COMMIT").await.unwrap();

        let pending = pending_ids(&*store).await;
        assert_eq!(pending.len(), 1);
        assert!(pending[0] < early);
    })
    .await;
}

#[tokio::test]
async fn processes_may_start_at_once() {
    run(Database::new().await, async |database: Arc<Database>| {
        let stores = join_all((0..4).map(|_| database.open())).await;
        for store in stores {
            store.append(commit(Uuid::now_v7(), 0, &[put(1)])).await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_commit_is_noticed_by_other_processes() {
    run(Database::new().await, async |database: Arc<Database>| {
        let (here, there, id) = (database.store().await, database.store().await, Uuid::now_v7());
        let (mut at_home, mut abroad) = (here.notices(), there.notices());

        here.append(commit(id, 0, &[put(1)])).await.unwrap();
        assert_eq!(abroad.recv().await, Ok(CommitNotice::Elsewhere));
        there.append(commit(id, 1, &[put(1)])).await.unwrap();
        assert_eq!(at_home.recv().await, Ok(CommitNotice::Here(shelf_stream(id))));
        assert_eq!(at_home.recv().await, Ok(CommitNotice::Elsewhere));

        here.close().await;
        drop(here);
        assert_eq!(rest(at_home).await, [], "a process does not hear itself");
    })
    .await;
}

#[tokio::test]
async fn what_was_committed_before_closing_is_still_told() {
    run(Database::new().await, async |database: Arc<Database>| {
        let there = database.store().await;
        let mut abroad = there.notices();
        for _ in 0..5 {
            let here = database.store().await;
            here.append(commit(Uuid::now_v7(), 0, &[put(1)])).await.unwrap();
            here.close().await;
            assert_eq!(abroad.recv().await, Ok(CommitNotice::Elsewhere));
        }
    })
    .await;
}

#[tokio::test]
async fn lost_connections_are_replaced() {
    run(Database::new().await, async |database: Arc<Database>| {
        let (here, there) = (database.store().await, database.store().await);
        here.ping().await.unwrap();

        database.kill_connections().await;

        let stream = shelf_stream(Uuid::now_v7());
        eventually(|| here.append(commit(stream.aggregate_id, 0, &[put(1)]))).await;
        eventually(|| there.load(&stream, Version::NONE, Until::Latest)).await;
        hears(&here, &there).await;
        hears(&there, &here).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_has_one_effect() {
    run(Database::new().await, async |database: Arc<Database>| {
        let (store, id) = (database.open().await, Uuid::now_v7());
        let orders = orders(&store);
        let write = async || {
            for _ in 0..25 {
                let context = once();
                eventually(|| orders.execute(id, Order::Put(1), context.clone())).await;
            }
        };
        let writing = join_all((0..4).map(|_| write()));
        let killing = async {
            let shelves = shelves(&store);
            for items in (15..100).step_by(15) {
                // Somewhere in the middle of the writing, and never twice at the same place.
                eventually(|| async {
                    let shelf = shelves.find(id).await.map_err(|failure| failure.to_string())?;
                    if shelf.state.items >= items {
                        Ok(())
                    } else {
                        Err(format!("{} items", shelf.state.items))
                    }
                })
                .await;
                database.kill_connections().await;
            }
        };

        join(writing, killing).await;

        let shelves = shelves(&store);
        let shelf = eventually(|| shelves.find(id)).await;
        assert_eq!((shelf.version, shelf.state.items), (Version(100), 100));
    })
    .await;
}

/// The first commit loses its connection while it commits; a sequence does not go back with the transaction.
const BREAK_THE_FIRST_COMMIT: &str = "
    CREATE SEQUENCE commits_begun;
    CREATE FUNCTION break_the_first() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF nextval('commits_begun') = 1 THEN
            PERFORM pg_terminate_backend(pg_backend_pid());
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER break_the_first AFTER INSERT ON outbox DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION break_the_first();";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_lost_during_the_commit_is_no_effect_and_another_try() {
    run(Database::new().await, async |database: Arc<Database>| {
        let (store, ids) = (database.open().await, [Uuid::now_v7(), Uuid::now_v7()]);
        database.tamper(BREAK_THE_FIRST_COMMIT).await;
        let orders = orders(&store);

        let answers = join_all(ids.map(|id| orders.execute(id, Order::Put(1), once()))).await;

        for answer in &answers {
            let done = answer.as_ref().unwrap();
            assert_eq!((done.version, done.replayed), (Version(1), false));
        }
        let commits: i64 = query_scalar("SELECT last_value FROM commits_begun")
            .fetch_one(&mut database.connect().await)
            .await
            .unwrap();
        assert!(commits >= 2, "the first one was broken");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_hangs_is_not_waited_for_without_end() {
    run(Database::new().await, async |database: Arc<Database>| {
        let (store, id, context) = (database.open().await, Uuid::now_v7(), once());
        let patience = std::time::Duration::from_millis(200);
        let lanes = LaneSettings { store_patience: patience, ..LaneSettings::default() };
        let orders = Commands::lanes(shelves(&store), &lanes);
        orders.execute(id, Order::Put(1), once()).await.unwrap();
        let mut other = database.connect().await;
        other.execute(raw_sql("BEGIN; LOCK TABLE events IN SHARE ROW EXCLUSIVE MODE")).await.unwrap();

        let hanging = orders.execute(id, Order::Put(1), context.clone()).await;
        other.execute("ROLLBACK").await.unwrap();
        let after = eventually(|| orders.execute(id, Order::Put(1), context.clone())).await;

        assert!(matches!(hanging, Err(ExecuteError::Store(StoreError::Unavailable(_)))), "{hanging:?}");
        assert_eq!((after.version, after.state.items), (Version(2), 2));
        assert_eq!(shelves(&store).find(id).await.unwrap().version, Version(2));
    })
    .await;
}

#[tokio::test]
async fn a_deadlock_is_a_conflict() {
    run(Database::new().await, async |database: Arc<Database>| {
        let store = database.store().await;
        let mine = commit(Uuid::now_v7(), 0, &[put(1)]);
        let (id, command_id) = (mine.command.stream.aggregate_id, mine.command.command_id);
        let mut other = database.connect().await;
        // The other writer holds the event and waits for the command; we hold the command and wait for the event.
        raw_sql(AssertSqlSafe(format!(
            "SET deadlock_timeout = '60s'; BEGIN;
             INSERT INTO events VALUES ('shelf', '{id}', 1, gen_random_uuid(), 'ItemsPut', 2, '{{}}', '{{}}',
                                        gen_random_uuid(), now(), nextval('commit_ids'), 0)"
        )))
        .execute(&mut other)
        .await
        .unwrap();

        let appending = tokio::spawn(async move { store.append(mine).await });
        eventually(|| async {
            let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'";
            let waiting: i64 = query_scalar(waiting).fetch_one(&mut database.connect().await).await.unwrap();
            if waiting > 0 { Ok(()) } else { Err("the append does not wait yet") }
        })
        .await;
        raw_sql(AssertSqlSafe(format!(
            "INSERT INTO commands VALUES ('{command_id}', 'shelf', '{id}', 1, 1, NULL, NULL, now(), NULL); ROLLBACK"
        )))
        .execute(&mut other)
        .await
        .unwrap();

        let refused = appending.await.unwrap();
        let Err(StoreError::Conflict(Conflict { stream, .. })) = refused else { panic!("{refused:?}") };
        assert_eq!(stream, shelf_stream(id));
    })
    .await;
}

#[tokio::test]
async fn a_closed_store_leaves_no_connection() {
    run(Database::new().await, async |database: Arc<Database>| {
        let closed = database.store().await;
        closed.append(commit(Uuid::now_v7(), 0, &[put(1)])).await.unwrap();
        closed.close().await;
        let dropped = database.store().await;
        dropped.append(commit(Uuid::now_v7(), 0, &[put(1)])).await.unwrap();
        drop(dropped);

        eventually(|| async {
            match database.connections().await {
                0 => Ok(()),
                connections => Err(connections),
            }
        })
        .await;
        assert!(matches!(closed.ping().await, Err(StoreError::Unavailable(_))));
    })
    .await;
}

/// Waits until `listener` hears of a commit of `teller`.
async fn hears(listener: &PostgresEventStore, teller: &PostgresEventStore) {
    let notices = Mutex::new(listener.notices());
    eventually(|| async {
        let told = commit(Uuid::now_v7(), 0, &[put(1)]);
        teller.append(told).await.map_err(|failure| failure.to_string())?;
        match notices.lock().await.try_recv() {
            Ok(CommitNotice::Elsewhere) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
}

/// What is still to be read, once the sender is gone.
async fn rest(mut notices: CommitNotices) -> Vec<CommitNotice> {
    let mut rest = Vec::new();
    while let Ok(notice) = notices.recv().await {
        rest.push(notice);
    }
    rest
}
