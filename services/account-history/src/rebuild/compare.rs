//! What two generations say differently.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use crate::store::{Generation, ViewError, ViewStore};

/// How often the generations are compared while they still differ, and the pause in between: updaters write to
/// one after the other, so that an event on its way looks like a difference.
const LOOKS: usize = 3;
const PAUSE: Duration = Duration::from_millis(100);

/// One view that is not the same in two generations, or missing in one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// `account`, `entry` or `transfer`.
    pub view: &'static str,
    /// Its id; an entry's is the account's with the version.
    pub key: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.view, self.key)
    }
}

/// The views that `old` and `new` say differently, each time they were looked at.
///
/// # Errors
/// When the database fails.
pub async fn differences(
    views: &dyn ViewStore,
    old: Generation,
    new: Generation,
) -> Result<Vec<Difference>, ViewError> {
    let mut remaining = differences_now(views, old, new).await?;
    for _ in 1..LOOKS {
        if remaining.is_empty() {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        let again = differences_now(views, old, new).await?;
        remaining.retain(|difference| again.contains(difference));
    }
    Ok(remaining.into_iter().collect())
}

async fn differences_now(
    views: &dyn ViewStore,
    old: Generation,
    new: Generation,
) -> Result<BTreeSet<Difference>, ViewError> {
    let (old, new) = (views.everything(old).await?, views.everything(new).await?);
    let accounts = differing(&old.accounts, &new.accounts).map(|id| difference("account", id));
    let entries = differing(&old.moments, &new.moments)
        .map(|(account, version)| difference("entry", format!("{account} version {version}")));
    let transfers = differing(&old.transfers, &new.transfers).map(|id| difference("transfer", id));
    Ok(accounts.chain(entries).chain(transfers).collect())
}

fn difference(view: &'static str, key: impl ToString) -> Difference {
    Difference { view, key: key.to_string() }
}

fn differing<'a, K: Ord, V: PartialEq>(
    old: &'a BTreeMap<K, V>,
    new: &'a BTreeMap<K, V>,
) -> impl Iterator<Item = &'a K> {
    let changed = old.iter().filter(|(key, value)| new.get(*key) != Some(*value)).map(|(key, _)| key);
    changed.chain(new.keys().filter(|key| !old.contains_key(*key)))
}
