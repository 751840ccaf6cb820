//! Documents in MongoDB's terms: `{_id, …what is searched for…, document}`. Ids and times within `document` are
//! text, as in JSON; the times that are searched for are microseconds since 1970.

use mongodb::bson::{Bson, Document, deserialize_from_document, doc, serialize_to_document};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::{Building, Generation, Generations, StoredAccount, ViewError};
use crate::view::{Moment, TransferDocument};

pub(super) fn moment_row(moment: &Moment) -> Result<Document, ViewError> {
    let account = moment.account_id.to_string();
    Ok(doc! {
        "_id": format!("{account}/{}", moment.version),
        "account": account,
        "version": moment.version.0,
        "at": moment.at.timestamp_micros(),
        "isEntry": moment.changes().next().is_some(),
        "document": encode(moment)?,
    })
}

/// Puts a transfer where there is none or an older one. One that is not older makes the upsert collide with it.
pub(super) fn transfer_update(document: &TransferDocument) -> Result<Document, ViewError> {
    let transfer = &document.transfer;
    let (id, version) = (transfer.transfer_id.to_string(), transfer.version.0);
    let mut accounts = vec![transfer.from_account_id.to_string(), transfer.to_account_id.to_string()];
    accounts.dedup();
    let row = doc! {
        "_id": &id,
        "version": version,
        "accounts": accounts,
        "at": transfer.at.timestamp_micros(),
        "document": encode(document)?,
    };
    Ok(doc! { "q": { "_id": id, "version": { "$lt": version } }, "u": row, "upsert": true })
}

/// Puts a document where it still has the revision that was read. A new one that somebody else has put there
/// meanwhile makes the upsert collide with it.
pub(super) fn account_update(stored: &StoredAccount) -> Result<Document, ViewError> {
    let id = stored.document.id.to_string();
    let customer = stored.document.account.opened().map(|opened| opened.owner.as_str());
    let row = doc! {
        "_id": &id,
        "revision": stored.revision.saturating_add(1),
        "customerId": customer,
        "document": encode(&stored.document)?,
    };
    let condition = doc! { "_id": id, "revision": stored.revision };
    Ok(doc! { "q": condition, "u": row, "upsert": stored.revision == 0 })
}

pub(super) fn account_of(row: Document) -> Result<StoredAccount, ViewError> {
    Ok(StoredAccount { revision: integer(&row, "revision")?, document: decode(row)? })
}

pub(super) fn moment_of(row: Document) -> Result<Moment, ViewError> {
    decode(row)
}

pub(super) fn transfer_of(row: Document) -> Result<TransferDocument, ViewError> {
    decode(row)
}

pub(super) fn generations(record: &Document) -> Result<Generations, ViewError> {
    let building = match record.get("building") {
        None | Some(Bson::Null) => None,
        Some(_) => Some(Building {
            generation: Generation(integer(record, "building")?),
            announced: record.get_bool("announced").map_err(damaged)?,
            missed: integer(record, "missed")?,
        }),
    };
    Ok(Generations { active: Generation(integer(record, "active")?), building })
}

/// The view inside a row.
pub(super) fn decode<T: DeserializeOwned>(mut row: Document) -> Result<T, ViewError> {
    match row.remove("document") {
        Some(Bson::Document(document)) => deserialize_from_document(document).map_err(damaged),
        other => Err(damaged(format!("a row has {other:?} for its document"))),
    }
}

/// A server may give a whole number back in the smallest type that holds it.
pub(super) fn integer(row: &Document, name: &str) -> Result<i64, ViewError> {
    match row.get(name) {
        Some(Bson::Int64(number)) => Ok(*number),
        Some(Bson::Int32(number)) => Ok(i64::from(*number)),
        other => Err(damaged(format!("`{name}` is {other:?}"))),
    }
}

fn encode(view: &impl Serialize) -> Result<Document, ViewError> {
    serialize_to_document(view).map_err(|failure| ViewError::Failed(failure.to_string()))
}

fn damaged(what: impl std::fmt::Display) -> ViewError {
    ViewError::Failed(format!("a stored view is damaged: {what}"))
}
