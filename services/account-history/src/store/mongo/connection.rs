//! One database, and the rule for every call of the driver: its futures must not be dropped half-way, or a
//! pooled connection is left in the middle of an answer. So each runs in a task of its own, and what times out
//! is the wait for the task.

use std::fmt::Display;
use std::time::Duration;

use futures::TryStreamExt;
use mongodb::bson::{Document, doc};
use mongodb::error::{Error, ErrorKind};
use mongodb::options::{Acknowledgment, ClientOptions, WriteConcern};
use mongodb::{Client, Collection, Database};

use crate::store::ViewError;

/// How long a caller waits for an answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the driver looks for a server that takes a command.
const SERVER_SELECTION: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub(super) struct Connection {
    client: Client,
    database: Database,
}

impl Connection {
    /// Connects, and makes sure that a server answers.
    pub(super) async fn open(url: &str, database: &str) -> Result<Self, ViewError> {
        let config = |failure: Error| ViewError::Config(failure.to_string());
        let mut options = ClientOptions::parse(url).await.map_err(config)?;
        options.app_name.get_or_insert_with(|| "account-history".to_owned());
        options.server_selection_timeout.get_or_insert(SERVER_SELECTION);
        let durable = WriteConcern::builder().w(Acknowledgment::Majority).journal(true).build();
        options.write_concern = Some(durable);
        let client = Client::with_options(options).map_err(config)?;
        let connection = Self { database: client.database(database), client };
        connection.run(doc! { "ping": 1 }).await?;
        Ok(connection)
    }

    pub(super) fn collection(&self, name: &str) -> Collection<Document> {
        self.database.collection(name)
    }

    /// Runs a command of the database.
    pub(super) async fn run(&self, command: Document) -> Result<Document, ViewError> {
        let database = self.database.clone();
        to_the_end(async move { database.run_command(command).await }).await
    }

    /// At most `limit` documents, in this order.
    pub(super) async fn find(
        &self,
        collection: &str,
        filter: Document,
        order: Document,
        limit: usize,
    ) -> Result<Vec<Document>, ViewError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let collection = self.collection(collection);
        to_the_end(async move {
            let mut find = collection.find(filter).limit(limit);
            if !order.is_empty() {
                find = find.sort(order);
            }
            find.await?.try_collect().await
        })
        .await
    }

    /// The documents that exist of these.
    pub(super) async fn find_ids(
        &self,
        collection: &str,
        ids: &[impl Display],
    ) -> Result<Vec<Document>, ViewError> {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let limit = ids.len();
        self.find(collection, doc! { "_id": { "$in": ids } }, doc! {}, limit).await
    }

    /// Every document. Takes its time, so that only the driver's own limits apply.
    pub(super) async fn find_all(&self, collection: &str) -> Result<Vec<Document>, ViewError> {
        let collection = self.collection(collection);
        let all = tokio::spawn(async move { collection.find(doc! {}).await?.try_collect().await });
        all.await.map_err(|failure| ViewError::Unavailable(failure.to_string()))?.map_err(failed)
    }

    pub(super) async fn create_indexes(
        &self,
        collection: &str,
        indexes: Vec<Document>,
    ) -> Result<(), ViewError> {
        self.run(doc! { "createIndexes": collection, "indexes": indexes }).await.map(drop)
    }

    pub(super) async fn collections(&self) -> Result<Vec<String>, ViewError> {
        let database = self.database.clone();
        to_the_end(async move { database.list_collection_names().await }).await
    }

    pub(super) async fn drop_collection(&self, name: &str) -> Result<(), ViewError> {
        let collection = self.collection(name);
        to_the_end(async move { collection.drop().await }).await
    }

    pub(super) async fn close(&self) {
        self.client.clone().shutdown().await;
    }
}

/// Runs a call of the driver to its end, and waits for it at most [`PATIENCE`].
pub(super) async fn to_the_end<T: Send + 'static>(
    call: impl Future<Output = mongodb::error::Result<T>> + Send + 'static,
) -> Result<T, ViewError> {
    match tokio::time::timeout(PATIENCE, tokio::spawn(call)).await {
        Ok(Ok(answer)) => answer.map_err(failed),
        Ok(Err(failure)) => Err(ViewError::Unavailable(format!("a call ended early: {failure}"))),
        Err(_) => Err(ViewError::Unavailable(format!("no answer within {} seconds", PATIENCE.as_secs()))),
    }
}

fn failed(error: Error) -> ViewError {
    let message = error.to_string();
    match *error.kind {
        ErrorKind::Bson(_)
        | ErrorKind::BsonDeserialization(_)
        | ErrorKind::BsonSerialization(_)
        | ErrorKind::InvalidArgument { .. }
        | ErrorKind::Command(_) => ViewError::Failed(message),
        // Broken connections, no server, a server that steps down: all of it passes.
        _ => ViewError::Unavailable(message),
    }
}
