//! The contract on SQLite, and what its file promises besides.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use event_store::sqlite::SqliteEventStore;
use event_store::{EventStore, StoreError, Until, Version};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, raw_sql};
use tempfile::TempDir;
use uuid::Uuid;

use crate::backend::Backend;
use crate::contract::keeps_every_promise;
use crate::shelf::{Order, commit, once, orders, put, shelf_stream, shelves};

keeps_every_promise!(crate::sqlite::File::new());

struct File(TempDir);

impl File {
    async fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// In a folder that does not exist yet.
    fn path(&self) -> PathBuf {
        self.0.path().join("new/store.sqlite")
    }
}

#[async_trait]
impl Backend for File {
    async fn open(&self) -> Arc<dyn EventStore> {
        Arc::new(SqliteEventStore::open(&self.path()).await.unwrap())
    }

    async fn tamper(&self, statement: &'static str) {
        let mut connection = SqliteConnectOptions::new().filename(self.path()).connect().await.unwrap();
        raw_sql(statement).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    async fn remove(&self) {
        // `TempDir` does it, and is the last one to hold the folder.
    }
}

#[tokio::test]
async fn a_reader_sees_what_another_process_commits() {
    let (file, id) = (File::new().await, Uuid::now_v7());
    let writer = file.open().await;
    let reader = SqliteEventStore::open_read_only(&file.path()).await.unwrap();

    for expected in 0..3 {
        writer.append(commit(id, expected, &[put(1)])).await.unwrap();
        let seen = reader.load(&shelf_stream(id), Version::NONE, Until::Latest).await.unwrap();
        assert_eq!(seen.len(), usize::try_from(expected + 1).unwrap());
    }

    writer.close().await;
    let alone = SqliteEventStore::open_read_only(&file.path()).await.unwrap();
    assert_eq!(alone.read_all("shelf").await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_reader_writes_nothing() {
    let file = File::new().await;
    let absent = SqliteEventStore::open_read_only(&file.path()).await;
    assert!(absent.is_err() && !file.path().exists());
    let written = file.open().await.append(commit(Uuid::now_v7(), 0, &[put(1)])).await.unwrap();

    let reader = SqliteEventStore::open_read_only(&file.path()).await.unwrap();

    let refusals = [
        reader.append(commit(Uuid::now_v7(), 0, &[put(1)])).await.map(drop),
        reader.mark_published(&[written[0].commit_id]).await,
        reader.republish(written[0].command_id).await.map(drop),
    ];
    assert!(refusals.iter().all(|refusal| matches!(refusal, Err(StoreError::Database(_)))));
    assert_eq!(reader.pending(&[], 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_snapshot_that_is_no_json_is_ignored() {
    let (file, id) = (File::new().await, Uuid::now_v7());
    let store = file.open().await;
    orders(&store).execute(id, Order::PutEach(vec![1; 3]), once()).await.unwrap();
    file.tamper("UPDATE snapshots SET state = '{'").await;

    let found = shelves(&store).find(id).await.unwrap();

    assert_eq!((found.version, found.state.items), (Version(3), 3));
}

#[tokio::test]
async fn a_closed_store_says_that_it_is_unavailable() {
    let file = File::new().await;
    let store = file.open().await;
    store.close().await;

    assert!(matches!(store.ping().await, Err(StoreError::Unavailable(_))));
    let refused = store.append(commit(Uuid::now_v7(), 0, &[put(1)])).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))));
}
