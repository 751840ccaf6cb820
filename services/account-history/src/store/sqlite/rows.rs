//! Rows and errors of SQLite in the views' own terms. Rows go in as one JSON array a table, so that a batch is
//! one statement a table, however large.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sqlx::Error;

use crate::store::{Building, Generation, Generations, StoredAccount, ViewError};
use crate::view::{Moment, TransferDocument};

/// SQLite's primary result codes for "busy", "locked" and "disk full", which pass.
/// <https://www.sqlite.org/rescode.html>
const PASSING_CODES: [i32; 3] = [5, 6, 13];

pub(super) type GenerationsRow = (i64, Option<i64>, bool, i64);

pub(super) fn generations((active, building, announced, missed): GenerationsRow) -> Generations {
    let building = building.map(|number| Building { generation: Generation(number), announced, missed });
    Generations { active: Generation(active), building }
}

pub(super) fn accounts(accounts: &[StoredAccount]) -> Result<Vec<Value>, ViewError> {
    let row = |stored: &StoredAccount| {
        let document = &stored.document;
        let customer = document.account.opened().map(|opened| opened.owner.as_str());
        Ok(json!([document.id, stored.revision, customer, text(document)?]))
    };
    accounts.iter().map(row).collect()
}

pub(super) fn moments(moments: &[Moment]) -> Result<Vec<Value>, ViewError> {
    let row = |moment: &Moment| {
        let (at, is_entry) = (moment.at.timestamp_micros(), i32::from(moment.changes().next().is_some()));
        Ok(json!([moment.account_id, moment.version, at, is_entry, text(moment)?]))
    };
    moments.iter().map(row).collect()
}

pub(super) fn transfers(transfers: &[TransferDocument]) -> Result<Vec<Value>, ViewError> {
    let row = |document: &TransferDocument| {
        let transfer = &document.transfer;
        Ok(json!([transfer.transfer_id, transfer.version, text(document)?]))
    };
    transfers.iter().map(row).collect()
}

/// Both accounts of each transfer.
pub(super) fn parties(transfers: &[TransferDocument]) -> Vec<Value> {
    let rows = |document: &TransferDocument| {
        let transfer = document.transfer.clone();
        [transfer.from_account_id, transfer.to_account_id]
            .map(|account| json!([account, transfer.at.timestamp_micros(), transfer.transfer_id]))
    };
    transfers.iter().flat_map(rows).collect()
}

pub(super) fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn text(document: &impl Serialize) -> Result<String, ViewError> {
    serde_json::to_string(document).map_err(|failure| ViewError::Failed(failure.to_string()))
}

pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, ViewError> {
    serde_json::from_str(text)
        .map_err(|failure| ViewError::Failed(format!("a stored view is damaged: {failure}")))
}

pub(super) fn parse_all<T: DeserializeOwned>(texts: &[String]) -> Result<Vec<T>, ViewError> {
    texts.iter().map(|text| parse(text)).collect()
}

pub(super) fn failed(error: Error) -> ViewError {
    let message = error.to_string();
    match error {
        Error::Database(error) if is_passing(error.code().as_deref()) => ViewError::Unavailable(message),
        Error::Io(_) | Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed => {
            ViewError::Unavailable(message)
        }
        _ => ViewError::Failed(message),
    }
}

/// The low byte of an extended result code is the primary one.
fn is_passing(code: Option<&str>) -> bool {
    let code: Option<i32> = code.and_then(|code| code.parse().ok());
    code.is_some_and(|code| PASSING_CODES.contains(&(code & 0xff)))
}
