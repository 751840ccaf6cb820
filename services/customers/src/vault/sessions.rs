//! Sessions and their refresh tokens (RFC 9700, 4.14.2: rotation, and what a used one tells).
//!
//! Invariant: of one refresh token only one request gets a new one. A token that comes again was stolen, before or
//! after its owner used it; the session ends for both.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use ring::digest::{SHA256, digest};
use serde::Deserialize;
use uuid::Uuid;

use super::{Vault, VaultError, millis, parse_id};
use crate::sealing::random_bytes;

/// 256 random bits in base64url. The vault keeps its hash only.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub(crate) struct RefreshToken(String);

impl RefreshToken {
    fn random() -> Result<Self, VaultError> {
        Ok(Self(URL_SAFE_NO_PAD.encode(random_bytes::<32>()?)))
    }

    /// The token itself, for the answer to whoever signed in.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// A plain hash is enough: nobody guesses 256 bits.
    fn hash(&self) -> Vec<u8> {
        digest(&SHA256, self.0.as_bytes()).as_ref().to_vec()
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(..)")
    }
}

/// What a refresh token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenState {
    /// For the next tokens of this session.
    Unused { customer: Uuid, session: Uuid },
    /// Nothing: it was used before.
    Used { session: Uuid },
    /// Nothing: nobody has it, or its session has ended.
    Worthless,
}

impl Vault {
    /// A new session, until `expires_at`, of a customer whose password was checked against the hash `verified`, and its
    /// first refresh token; nothing when they have another password by now.
    pub(crate) async fn open_session(
        &self,
        customer: Uuid,
        verified: &str,
        session: Uuid,
        expires_at: DateTime<Utc>,
    ) -> Result<Option<RefreshToken>, VaultError> {
        let token = RefreshToken::random()?;
        let mut transaction = self.database.pool.begin().await?;
        // Changes nothing but makes a change of the password wait: it ends this session, or this session is none.
        let kept = sqlx::query(include_str!("../../sql/keep_password.sql"))
            .bind(customer.to_string())
            .bind(verified)
            .execute(&mut *transaction)
            .await?;
        if kept.rows_affected() != 1 {
            transaction.rollback().await?;
            return Ok(None);
        }
        sqlx::query(include_str!("../../sql/insert_session.sql"))
            .bind(session.to_string())
            .bind(customer.to_string())
            .bind(millis(expires_at))
            .execute(&mut *transaction)
            .await?;
        sqlx::query(include_str!("../../sql/insert_refresh_token.sql"))
            .bind(token.hash())
            .bind(session.to_string())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(Some(token))
    }

    /// What the token is good for now; nothing is changed.
    pub(crate) async fn token_state(
        &self,
        token: &RefreshToken,
        now: DateTime<Utc>,
    ) -> Result<TokenState, VaultError> {
        let row: Option<(String, String, i64, i64, i64)> =
            sqlx::query_as(include_str!("../../sql/refresh_token.sql"))
                .bind(token.hash())
                .fetch_optional(&self.database.pool)
                .await?;
        let Some((session, customer, expires_at, revoked_at, used_at)) = row else {
            return Ok(TokenState::Worthless);
        };
        let (session, customer) = (parse_id(&session)?, parse_id(&customer)?);
        Ok(match () {
            () if used_at > 0 => TokenState::Used { session },
            () if revoked_at > 0 || expires_at <= millis(now) => TokenState::Worthless,
            () => TokenState::Unused { customer, session },
        })
    }

    /// Takes a refresh token for the next one of its session; nothing when it was not [`TokenState::Unused`] any more.
    pub(crate) async fn rotate(
        &self,
        token: &RefreshToken,
        now: DateTime<Utc>,
    ) -> Result<Option<RefreshToken>, VaultError> {
        let next = RefreshToken::random()?;
        let mut transaction = self.database.pool.begin().await?;
        let used: Option<(String,)> = sqlx::query_as(include_str!("../../sql/use_refresh_token.sql"))
            .bind(token.hash())
            .bind(millis(now))
            .fetch_optional(&mut *transaction)
            .await?;
        let Some((session,)) = used else {
            transaction.rollback().await?;
            return Ok(None);
        };
        sqlx::query(include_str!("../../sql/insert_refresh_token.sql"))
            .bind(next.hash())
            .bind(session)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(Some(next))
    }

    /// Ends a session: its refresh tokens are worth nothing from now on.
    pub(crate) async fn end_session(&self, session: Uuid, now: DateTime<Utc>) -> Result<(), VaultError> {
        sqlx::query(include_str!("../../sql/revoke_session.sql"))
            .bind(session.to_string())
            .bind(millis(now))
            .execute(&self.database.pool)
            .await?;
        Ok(())
    }

    /// Deletes at most `limit` sessions that have expired, with their tokens; gives how many.
    pub(crate) async fn delete_expired_sessions(
        &self,
        now: DateTime<Utc>,
        limit: i64,
    ) -> Result<u64, VaultError> {
        let deleted = sqlx::query(include_str!("../../sql/delete_expired_sessions.sql"))
            .bind(millis(now))
            .bind(limit)
            .execute(&self.database.pool)
            .await?;
        Ok(deleted.rows_affected())
    }
}
