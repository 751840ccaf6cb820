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

/// What came of a refresh token.
#[derive(Debug)]
pub(crate) enum Refreshed {
    /// It is used up, and this one follows.
    Next { customer: Uuid, session: Uuid, token: RefreshToken },
    /// It was used before; its session has been ended.
    Reused(Uuid),
    /// Nobody has it, or its session has ended.
    Refused,
}

impl Vault {
    /// A new session of the customer's, until `expires_at`, and its first refresh token.
    pub(crate) async fn open_session(
        &self,
        customer: Uuid,
        session: Uuid,
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<RefreshToken, VaultError> {
        let token = RefreshToken::random()?;
        let mut transaction = self.pool.begin().await?;
        sqlx::query(include_str!("../../sql/delete_old_sessions.sql"))
            .bind(customer.to_string())
            .bind(millis(now))
            .execute(&mut *transaction)
            .await?;
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
        Ok(token)
    }

    /// Takes a refresh token for the next one of its session.
    pub(crate) async fn refresh(
        &self,
        token: &RefreshToken,
        now: DateTime<Utc>,
    ) -> Result<Refreshed, VaultError> {
        let mut transaction = self.pool.begin().await?;
        let used: Option<(String,)> = sqlx::query_as(include_str!("../../sql/use_refresh_token.sql"))
            .bind(token.hash())
            .bind(millis(now))
            .fetch_optional(&mut *transaction)
            .await?;
        let Some((session,)) = used else {
            transaction.rollback().await?;
            return self.refuse_used(token, now).await;
        };
        let live: Option<(String,)> = sqlx::query_as(include_str!("../../sql/live_session.sql"))
            .bind(session.as_str())
            .bind(millis(now))
            .fetch_optional(&mut *transaction)
            .await?;
        let Some((customer,)) = live else {
            transaction.commit().await?;
            return Ok(Refreshed::Refused);
        };
        let next = RefreshToken::random()?;
        sqlx::query(include_str!("../../sql/insert_refresh_token.sql"))
            .bind(next.hash())
            .bind(session.as_str())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(Refreshed::Next { customer: parse_id(&customer)?, session: parse_id(&session)?, token: next })
    }

    async fn refuse_used(&self, token: &RefreshToken, now: DateTime<Utc>) -> Result<Refreshed, VaultError> {
        let session: Option<(String,)> = sqlx::query_as(include_str!("../../sql/session_of_token.sql"))
            .bind(token.hash())
            .fetch_optional(&self.pool)
            .await?;
        let Some((session,)) = session else {
            return Ok(Refreshed::Refused);
        };
        let session = parse_id(&session)?;
        self.end_session(session, now).await?;
        Ok(Refreshed::Reused(session))
    }

    /// Ends a session: its refresh tokens are worth nothing from now on.
    pub(crate) async fn end_session(&self, session: Uuid, now: DateTime<Utc>) -> Result<(), VaultError> {
        sqlx::query(include_str!("../../sql/revoke_session.sql"))
            .bind(session.to_string())
            .bind(millis(now))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Keeps another password, and ends every session but `session`.
    pub(crate) async fn change_password(
        &self,
        customer: Uuid,
        password_hash: &str,
        session: Option<Uuid>,
        now: DateTime<Utc>,
    ) -> Result<(), VaultError> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query(include_str!("../../sql/change_password.sql"))
            .bind(customer.to_string())
            .bind(password_hash)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(include_str!("../../sql/revoke_other_sessions.sql"))
            .bind(customer.to_string())
            .bind(session.map(|session| session.to_string()).unwrap_or_default())
            .bind(millis(now))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }
}
