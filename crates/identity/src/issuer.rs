//! Issues access tokens (RFC 9068).

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::caller::Subject;
use crate::encoding;
use crate::error::IssueError;
use crate::keys::SigningKeys;
use crate::rules::TokenRules;

/// What a token is to say; the caller of [`TokenIssuer::issue`] has made sure that it is true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Whom the token is about.
    pub subject: Subject,
    /// The session that it belongs to.
    pub session: Option<Uuid>,
    /// The token's own id, never used before.
    pub token_id: Uuid,
}

/// Issues tokens for one audience.
#[derive(Debug, Clone)]
pub struct TokenIssuer {
    keys: SigningKeys,
    issuer: String,
    audience: String,
    lifetime: Duration,
}

impl TokenIssuer {
    /// A token cannot be called back, so it lives only a little longer than a customer looks at one page.
    pub const LIFETIME: Duration = Duration::from_secs(5 * 60);

    /// An issuer whose tokens live for `lifetime`.
    ///
    /// # Errors
    /// When a rotated key would be gone before the last token that it signed.
    pub fn new(
        keys: SigningKeys,
        issuer: impl Into<String>,
        audience: impl Into<String>,
        lifetime: Duration,
    ) -> Result<Self, IssueError> {
        if keys.retire_after() < lifetime.saturating_add(TokenRules::LEEWAY) {
            return Err(IssueError::OutlivesKeys);
        }
        Ok(Self { keys, issuer: issuer.into(), audience: audience.into(), lifetime })
    }

    /// The keys that the tokens are signed with.
    #[must_use]
    pub fn keys(&self) -> &SigningKeys {
        &self.keys
    }

    /// A token that is valid from `now` on.
    ///
    /// # Errors
    /// When the end of its life is no time.
    pub fn issue(&self, grant: &Grant, now: DateTime<Utc>) -> Result<AccessToken, IssueError> {
        let lifetime = TimeDelta::from_std(self.lifetime).map_err(|_| IssueError::ExpiryOutOfRange)?;
        let expires_at = now.checked_add_signed(lifetime).ok_or(IssueError::ExpiryOutOfRange)?;
        let (subject, role) = match &grant.subject {
            Subject::Customer(id) => (id.to_string(), "customer"),
            Subject::Operator(name) => (name.as_str().to_owned(), "operator"),
        };
        let claims = Claims {
            iss: &self.issuer,
            aud: &self.audience,
            sub: subject,
            exp: expires_at.timestamp(),
            nbf: now.timestamp(),
            iat: now.timestamp(),
            jti: grant.token_id,
            sid: grant.session,
            role,
        };
        let text = self.keys.sign_with(|key_id| {
            let header = Header { alg: "EdDSA", typ: "at+jwt", kid: key_id };
            format!("{}.{}", part(&header), part(&claims))
        });
        Ok(AccessToken { text, expires_at, lifetime: self.lifetime })
    }
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    kid: &'a str,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: String,
    exp: i64,
    nbf: i64,
    iat: i64,
    jti: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<Uuid>,
    role: &'static str,
}

fn part(value: &impl Serialize) -> String {
    // Texts and numbers under fixed names: there is nothing in them that JSON cannot say.
    encoding::encode(serde_json::to_vec(value).unwrap_or_default())
}

/// A token to give to its owner; it is shown nowhere else.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken {
    text: String,
    expires_at: DateTime<Utc>,
    lifetime: Duration,
}

impl AccessToken {
    /// The token itself, for the answer to whoever signed in.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// When it stops being valid.
    #[must_use]
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.expires_at
    }

    /// For how long it is valid from its issue on (`expires_in`).
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}
