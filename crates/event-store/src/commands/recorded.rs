//! Answers to commands that were carried out or refused before: the first one's result, again.

use domain::Aggregate;
use serde_json::Value;

use super::{Answer, ExecuteError, Executed};
use crate::command::{CommandRecord, RequestHash};
use crate::error::StoreError;
use crate::guarded::guarded;
use crate::repository::{Repository, decode};
use crate::store::StreamRange;
use crate::stream::Version;

/// What each command came to the first time, given its record and what is asked for under its id now. All that must be
/// read is read at once.
///
/// # Errors
/// When the read fails, which may be the fault of one stream.
pub(super) async fn answers<A: Aggregate>(
    repository: &Repository<A>,
    asked: &[(CommandRecord, Option<RequestHash>)],
) -> Result<Vec<Answer<A>>, StoreError> {
    let ranges: Vec<StreamRange> = asked
        .iter()
        .filter(|(record, hash)| is_executed::<A>(record, *hash))
        .map(|(record, _)| range(record))
        .collect();
    let mut parts = repository.load_ranges(&ranges).await?.into_iter();
    let answer = |(record, hash): &(CommandRecord, Option<RequestHash>)| match &record.refusal {
        _ if !is_same::<A>(record, *hash) => Err(ExecuteError::RequestMismatch(record.command_id)),
        Some(refusal) => Err(refused_again(refusal.clone(), record.version)),
        None => {
            let part =
                parts.next().ok_or_else(|| StoreError::Corrupt(format!("{} is gone", record.stream)))?;
            Ok(guarded(|| executed_again(record, part))?)
        }
    };
    Ok(asked.iter().map(answer).collect())
}

fn is_same<A: Aggregate>(record: &CommandRecord, hash: Option<RequestHash>) -> bool {
    record.request_hash == hash && record.stream.aggregate_type == A::TYPE
}

fn is_executed<A: Aggregate>(record: &CommandRecord, hash: Option<RequestHash>) -> bool {
    is_same::<A>(record, hash) && record.refusal.is_none()
}

fn before(record: &CommandRecord) -> Version {
    Version(record.version.0.saturating_sub(i64::from(record.event_count)))
}

fn range(record: &CommandRecord) -> StreamRange {
    let aggregate_id = record.stream.aggregate_id;
    StreamRange { aggregate_id, snapshot_until: before(record), until: record.version }
}

fn executed_again<A: Aggregate>(
    record: &CommandRecord,
    part: crate::repository::LoadedPart<A>,
) -> Result<Executed<A>, StoreError> {
    let state = part.base.state.fold(&decode::<A>(&part.events)?);
    let mut events = part.events;
    events.retain(|event| event.version > before(record));
    Ok(Executed { id: record.stream.aggregate_id, version: record.version, state, events, replayed: true })
}

fn refused_again<R>(refusal: Value, version: Version) -> ExecuteError<R>
where
    R: std::error::Error + serde::de::DeserializeOwned + 'static,
{
    match serde_json::from_value(refusal) {
        Ok(refusal) => ExecuteError::Refused { refusal, version, replayed: true },
        Err(failure) => StoreError::Corrupt(format!("a stored refusal cannot be read: {failure}")).into(),
    }
}
