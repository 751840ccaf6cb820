//! How often somebody tried a password.
//!
//! Attempts to sign in are counted by address, whether it is anybody's or not, so that the count does not tell which
//! addresses are.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{EmailLookup, Vault, VaultError, millis};

/// So many wrong passwords in a row, and the next one has to wait.
const MOST_ATTEMPTS: i64 = 10;

/// How many count as made when the wait is over: one more wrong one is then no reason to wait again.
const AFTER_A_LOCK: i64 = MOST_ATTEMPTS / 2;

/// How long.
const LOCKED_FOR: TimeDelta = TimeDelta::minutes(1);

/// What a password is tried for. Each is counted by itself.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TriedFor<'a> {
    /// To sign in with this address, or to register with it once more.
    Address(&'a EmailLookup),
    /// To give oneself another one.
    Change(Uuid),
}

impl TriedFor<'_> {
    /// A lookup is longer than an id, so that the two never meet.
    fn subject(self) -> Vec<u8> {
        match self {
            Self::Address(lookup) => lookup.0.clone(),
            Self::Change(customer) => customer.as_bytes().to_vec(),
        }
    }
}

/// Whether a password may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// It may. It was counted before, so that many at once are no way around the limit.
    Allowed,
    /// Not for so many seconds.
    Locked(u64),
}

impl Vault {
    /// Counts an attempt, as a failed one until [`Vault::forget_attempts`] says otherwise.
    pub(crate) async fn count_attempt(
        &self,
        tried: TriedFor<'_>,
        now: DateTime<Utc>,
    ) -> Result<Attempt, VaultError> {
        let subject = tried.subject();
        let counted = sqlx::query(include_str!("../../sql/count_attempt.sql"))
            .bind(subject.clone())
            .bind(MOST_ATTEMPTS)
            .bind(millis(now + LOCKED_FOR))
            .bind(millis(now))
            .bind(AFTER_A_LOCK)
            .execute(&self.database.pool)
            .await?;
        if counted.rows_affected() == 1 {
            return Ok(Attempt::Allowed);
        }
        let row: Option<(i64,)> = sqlx::query_as(include_str!("../../sql/attempts_locked_until.sql"))
            .bind(subject)
            .fetch_optional(&self.database.pool)
            .await?;
        // Gone when the right password came in between; a second then is no loss.
        let until = row.map_or_else(|| millis(now), |(until,)| until);
        let left = u64::try_from(until.saturating_sub(millis(now))).unwrap_or_default();
        Ok(Attempt::Locked(left.div_ceil(1000).max(1)))
    }

    /// The password was right.
    pub(crate) async fn forget_attempts(&self, tried: TriedFor<'_>) -> Result<(), VaultError> {
        sqlx::query(include_str!("../../sql/forget_attempts.sql"))
            .bind(tried.subject())
            .execute(&self.database.pool)
            .await?;
        Ok(())
    }

    /// Deletes at most `limit` counts to which nothing was added since `before`; gives how many.
    pub(crate) async fn delete_old_attempts(
        &self,
        before: DateTime<Utc>,
        limit: i64,
    ) -> Result<u64, VaultError> {
        let deleted = sqlx::query(include_str!("../../sql/delete_old_attempts.sql"))
            .bind(millis(before))
            .bind(limit)
            .execute(&self.database.pool)
            .await?;
        Ok(deleted.rows_affected())
    }
}
