//! How often somebody tried a password.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{Vault, VaultError, millis};

/// So many wrong passwords in a row, and the next one has to wait.
const MOST_ATTEMPTS: i64 = 10;

/// How long.
const LOCKED_FOR: TimeDelta = TimeDelta::minutes(1);

/// Whether a password may be tried.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// It may, against this hash. It was counted before, so that many at once are no way around the limit.
    Allowed(String),
    /// Not for so many seconds.
    Locked(u64),
    /// There is no such customer.
    Unknown,
}

impl Vault {
    /// Counts an attempt, and gives what it is checked against.
    pub(crate) async fn count_attempt(
        &self,
        customer: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Attempt, VaultError> {
        let row: Option<(String,)> = sqlx::query_as(include_str!("../../sql/count_attempt.sql"))
            .bind(customer.to_string())
            .bind(MOST_ATTEMPTS)
            .bind(millis(now + LOCKED_FOR))
            .bind(millis(now))
            .fetch_optional(&self.pool)
            .await?;
        if let Some((hash,)) = row {
            return Ok(Attempt::Allowed(hash));
        }
        let row: Option<(i64,)> = sqlx::query_as(include_str!("../../sql/locked_until.sql"))
            .bind(customer.to_string())
            .fetch_optional(&self.pool)
            .await?;
        let Some((until,)) = row else {
            return Ok(Attempt::Unknown);
        };
        let left = u64::try_from(until.saturating_sub(millis(now))).unwrap_or_default();
        Ok(Attempt::Locked(left.div_ceil(1000).max(1)))
    }

    /// The password was right.
    pub(crate) async fn forget_attempts(&self, customer: Uuid) -> Result<(), VaultError> {
        sqlx::query(include_str!("../../sql/forget_attempts.sql"))
            .bind(customer.to_string())
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
