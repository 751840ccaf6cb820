//! Who holds which e-mail address, and by which claim.
//!
//! Invariant: a hold is given up only by the claim that was seen. Whoever reserves an address, also one that they hold
//! already, makes a claim of their own, so that nobody gives up what somebody else has reserved meanwhile.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Vault, VaultError, millis, parse_id};

/// HMAC-SHA-256 of a folded e-mail address under the service's own key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EmailLookup(pub(super) Vec<u8>);

impl EmailLookup {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Who holds an e-mail address, by which claim, and since when.
#[derive(Debug, Clone)]
pub(crate) struct Hold {
    pub(crate) customer: Uuid,
    /// For a registration its command, otherwise a random one.
    pub(crate) claim: Uuid,
    /// What a registration asked for; empty for a change of address.
    pub(crate) request_hash: Vec<u8>,
    reserved_at: i64,
}

impl Hold {
    /// Whether it is so old that whoever made it has finished or is gone.
    pub(crate) fn is_older_than(&self, time: DateTime<Utc>) -> bool {
        self.reserved_at < millis(time)
    }
}

/// What came of reserving an address.
#[derive(Debug)]
pub(crate) enum Reservation {
    /// It is reserved by this call.
    Made,
    /// Somebody holds it.
    Held(Hold),
}

impl Vault {
    /// Reserves a further address for a customer, also when they hold it already.
    pub(crate) async fn claim(
        &self,
        lookup: &EmailLookup,
        customer: Uuid,
        claim: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Reservation, VaultError> {
        loop {
            let claimed = sqlx::query(include_str!("../../sql/claim_email.sql"))
                .bind(lookup.0.clone())
                .bind(customer.to_string())
                .bind(claim.to_string())
                .bind(Vec::<u8>::new())
                .bind(millis(now))
                .execute(&self.database.pool)
                .await?;
            if claimed.rows_affected() == 1 {
                return Ok(Reservation::Made);
            }
            // Whoever was in the way may have gone meanwhile.
            if let Some(held) = self.holder(lookup).await? {
                return Ok(Reservation::Held(held));
            }
        }
    }

    /// Who holds the address.
    pub(crate) async fn holder(&self, lookup: &EmailLookup) -> Result<Option<Hold>, VaultError> {
        let row: Option<(String, String, Vec<u8>, i64)> =
            sqlx::query_as(include_str!("../../sql/email_holder.sql"))
                .bind(lookup.0.clone())
                .fetch_optional(&self.database.pool)
                .await?;
        let Some((customer, claim, request_hash, reserved_at)) = row else {
            return Ok(None);
        };
        Ok(Some(Hold { customer: parse_id(&customer)?, claim: parse_id(&claim)?, request_hash, reserved_at }))
    }

    /// Gives up this very hold on the address; false when it is not there any more.
    pub(crate) async fn release(&self, lookup: &EmailLookup, held: &Hold) -> Result<bool, VaultError> {
        let released = sqlx::query(include_str!("../../sql/release_email.sql"))
            .bind(lookup.0.clone())
            .bind(held.customer.to_string())
            .bind(held.claim.to_string())
            .execute(&self.database.pool)
            .await?;
        Ok(released.rows_affected() == 1)
    }
}
