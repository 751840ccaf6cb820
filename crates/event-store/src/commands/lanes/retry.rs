//! What is tried again, how often, and after which pause.

use domain::Aggregate;

use super::Waiting;
use crate::commands::{TRIES_ON_SILENCE, pause_after};
use crate::error::{Conflict, StoreError};
use crate::repository::stream_of;
use crate::stream::{ExpectedVersion, Version};

/// How often a command is decided at most while other processes are faster.
const TRIES_ON_CONFLICT: u32 = 20;
/// So many conflicts are answered at once by another try; from then on a pause lets the other process finish.
const CONFLICTS_WITHOUT_PAUSE: u32 = 2;

/// Commands that are carried out together.
pub(super) type Group<A> = Vec<Box<Waiting<A>>>;

/// Lets a database or another process recover before a group is tried again.
pub(super) async fn pause<A: Aggregate>(group: &Group<A>) {
    let tries = group.iter().map(|waiting| waiting.silences + waiting.conflicts).max().unwrap_or(0);
    if tries > CONFLICTS_WITHOUT_PAUSE || group.iter().any(|waiting| waiting.silences > 0) {
        tokio::time::sleep(pause_after(tries)).await;
    }
}

/// The store failed. When it is only away, all are tried again a limited number of times, after a look for their
/// records: the commit may stand. Otherwise one of them may be the cause, which is found by halves and answered alone.
pub(super) fn after_failure<A: Aggregate>(mut group: Group<A>, failure: &StoreError) -> Vec<Group<A>> {
    if matches!(failure, StoreError::Unavailable(_)) {
        let (given_up, again): (Vec<_>, Vec<_>) =
            group.into_iter().partition(|waiting| waiting.silences + 1 >= TRIES_ON_SILENCE);
        answer_all(given_up, failure);
        return vec![again.into_iter().map(after_silence).collect()];
    }
    if group.len() > 1 {
        let second = group.split_off(group.len() / 2);
        return vec![group, second];
    }
    answer_all(group, failure);
    Vec::new()
}

/// Counts the conflict; those that had too many are answered. `versions` gives what was expected of a stream and what
/// was found.
pub(super) fn after_conflict<A: Aggregate>(
    mut group: Group<A>,
    versions: impl Fn(uuid::Uuid) -> (Version, Version),
) -> Group<A> {
    group.iter_mut().for_each(|waiting| waiting.conflicts += 1);
    let (again, given_up): (Vec<_>, Vec<_>) =
        group.into_iter().partition(|waiting| waiting.conflicts < TRIES_ON_CONFLICT);
    for waiting in given_up {
        let (expected, actual) = versions(waiting.id);
        let (stream, expected) = (stream_of::<A>(waiting.id), ExpectedVersion::Exact(expected));
        waiting.answer(Err(StoreError::Conflict(Conflict { stream, expected, actual }).into()));
    }
    again
}

pub(super) fn recorded_by_now<A: Aggregate>(mut waiting: Box<Waiting<A>>) -> Box<Waiting<A>> {
    waiting.may_be_recorded = true;
    waiting
}

fn after_silence<A: Aggregate>(mut waiting: Box<Waiting<A>>) -> Box<Waiting<A>> {
    waiting.silences += 1;
    recorded_by_now(waiting)
}

/// Answers each with the failure in words of its own: errors cannot be shared.
fn answer_all<A: Aggregate>(group: Group<A>, failure: &StoreError) {
    for waiting in group {
        let answer = match failure {
            StoreError::Unavailable(reason) => StoreError::Unavailable(reason.clone()),
            StoreError::Corrupt(reason) => StoreError::Corrupt(reason.clone()),
            other => StoreError::Database(other.to_string()),
        };
        waiting.answer(Err(answer.into()));
    }
}
