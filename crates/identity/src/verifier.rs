//! From a token to a caller.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::caller::Caller;
use crate::error::{SourceError, TokenError};
use crate::jwks::PublicKey;
use crate::jws::Envelope;
use crate::keys::SigningKeys;
use crate::remote::{Fetching, Origin, RemoteKeys};
use crate::rules::TokenRules;
use crate::{claims, encoding, strict_json};

/// The longest token, in bytes; a longer one is refused before anything of it is decoded.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Checks tokens. Clones share the keys.
#[derive(Clone)]
pub struct TokenVerifier(Arc<Inner>);

struct Inner {
    rules: TokenRules,
    source: Source,
}

enum Source {
    Local(SigningKeys),
    Remote(Arc<RemoteKeys>),
}

impl TokenVerifier {
    /// Checks with the keys of an issuer in the same process.
    #[must_use]
    pub fn local(rules: TokenRules, keys: SigningKeys) -> Self {
        Self(Arc::new(Inner { rules, source: Source::Local(keys) }))
    }

    /// Checks with the keys at the address of a JSON Web Key Set.
    ///
    /// # Errors
    /// When `url` is no address that this build can fetch from. Nothing is fetched yet.
    pub fn jwks(rules: TokenRules, url: &str, fetching: Fetching) -> Result<Self, SourceError> {
        Self::remote(rules, Origin::jwks(url)?, fetching)
    }

    /// Checks with the keys of an OpenID Connect issuer, which is `rules.issuer`.
    ///
    /// # Errors
    /// When the issuer is no address that this build can fetch from. Nothing is fetched yet.
    pub fn openid(rules: TokenRules, fetching: Fetching) -> Result<Self, SourceError> {
        let origin = Origin::openid(&rules.issuer)?;
        Self::remote(rules, origin, fetching)
    }

    fn remote(rules: TokenRules, origin: Origin, fetching: Fetching) -> Result<Self, SourceError> {
        let keys = RemoteKeys::new(origin, fetching)?;
        Ok(Self(Arc::new(Inner { rules, source: Source::Remote(Arc::new(keys)) })))
    }

    /// Who sent this token, at the time `now`.
    ///
    /// # Errors
    /// [`TokenError`]; [`TokenError::KeysUnavailable`] is not the caller's fault, every other one is.
    pub async fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Caller, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::TooLong);
        }
        let rules = &self.0.rules;
        let envelope = Envelope::open(token, &rules.token_type)?;
        let key = self.key(&envelope.key_id, now).await?;
        if key.algorithm() != envelope.algorithm {
            return Err(TokenError::Algorithm);
        }
        if !key.has_signed(envelope.signed.as_bytes(), &envelope.signature) {
            return Err(TokenError::Signature);
        }
        let members = encoding::decode(envelope.claims).and_then(|json| strict_json::object(&json));
        claims::check(&members.ok_or(TokenError::Malformed("claims"))?, rules, now)
    }

    /// Makes sure that there are keys: for a service's readiness.
    ///
    /// # Errors
    /// [`TokenError::KeysUnavailable`], while none could be fetched.
    pub async fn prepare(&self, now: DateTime<Utc>) -> Result<(), TokenError> {
        match &self.0.source {
            Source::Local(_) => Ok(()),
            Source::Remote(keys) => keys.prepare(now).await,
        }
    }

    async fn key(&self, id: &str, now: DateTime<Utc>) -> Result<PublicKey, TokenError> {
        match &self.0.source {
            Source::Local(keys) => keys.published(id, now).ok_or(TokenError::UnknownKey),
            Source::Remote(keys) => keys.find(id, now).await,
        }
    }
}

impl fmt::Debug for TokenVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenVerifier").field("rules", &self.0.rules).finish_non_exhaustive()
    }
}
