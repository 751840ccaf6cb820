//! Writes of many documents in one round trip, as the database commands that every version of the server has.

use mongodb::bson::{Bson, Document, doc};

use super::codec::integer;
use super::connection::Connection;
use crate::store::ViewError;

/// Documents that one command carries: far below the server's limits of 100 000 documents and 48 MB.
const AT_ONCE: usize = 200;

/// A document with this key is there already: the write came before, or somebody else was faster.
const DUPLICATE_KEY: i64 = 11_000;

/// Durable on a majority of the servers, in the journal.
pub(super) fn write_concern() -> Document {
    doc! { "w": "majority", "j": true }
}

impl Connection {
    /// Inserts documents; one whose key is there already stays as it is.
    pub(super) async fn insert(&self, collection: &str, documents: Vec<Document>) -> Result<(), ViewError> {
        for documents in documents.chunks(AT_ONCE) {
            let command = doc! { "insert": collection, "documents": documents, "ordered": false };
            self.write(command).await?;
        }
        Ok(())
    }

    /// Carries out updates and says how many found a document, or put a new one there.
    pub(super) async fn update(&self, collection: &str, updates: Vec<Document>) -> Result<i64, ViewError> {
        let mut carried_out = 0;
        for updates in updates.chunks(AT_ONCE) {
            let command = doc! { "update": collection, "updates": updates, "ordered": false };
            carried_out += self.write(command).await?;
        }
        Ok(carried_out)
    }

    /// Runs a write command; duplicate keys are no failure of it.
    async fn write(&self, mut command: Document) -> Result<i64, ViewError> {
        command.insert("writeConcern", write_concern());
        let answer = self.run(command).await?;
        if let Some(Bson::Document(failure)) = answer.get("writeConcernError") {
            return Err(ViewError::Unavailable(format!("a write is not durable: {failure}")));
        }
        let failures = answer.get_array("writeErrors").map(Vec::as_slice).unwrap_or_default();
        match failures.iter().find(|failure| !is_duplicate_key(failure)) {
            Some(failure) => Err(ViewError::Failed(failure.to_string())),
            None => integer(&answer, "n"),
        }
    }
}

fn is_duplicate_key(failure: &Bson) -> bool {
    failure.as_document().and_then(|failure| integer(failure, "code").ok()) == Some(DUPLICATE_KEY)
}
