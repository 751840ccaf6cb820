//! What can go wrong, a type for each boundary. No text of these has a part of a token or of a key.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a token gives no [`crate::Caller`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TokenError {
    /// Longer than [`crate::MAX_TOKEN_BYTES`]; nothing of it was decoded.
    #[error("the token is too long")]
    TooLong,
    /// Not three parts of base64url, or a part is no JSON object without duplicate members.
    #[error("the token is malformed: {0}")]
    Malformed(&'static str),
    /// Another algorithm than EdDSA and ES256, or another one than the key is for.
    #[error("the token's algorithm is not accepted")]
    Algorithm,
    /// The header asks for an extension (`crit`); none is known here.
    #[error("the token's header has critical extensions")]
    CriticalHeader,
    /// The header's `typ` is another one: perhaps an ID token, which says nothing about access.
    #[error("the token is of another type")]
    Type,
    /// No published key has the token's key id.
    #[error("the token's key is not known")]
    UnknownKey,
    /// The signature is not the key's over this header and these claims.
    #[error("the token's signature is wrong")]
    Signature,
    /// `iss` is somebody else.
    #[error("the token has another issuer")]
    Issuer,
    /// `aud` does not have this audience.
    #[error("the token is for another audience")]
    Audience,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `nbf` or `iat` is still to come.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// A claim is missing or not of its type.
    #[error("the token's claim `{0}` is missing or not what it has to be")]
    Claim(&'static str),
    /// Neither the operators' role nor the customers'.
    #[error("the token's role is none of ours")]
    Role,
    /// Not the caller's fault: there has not been a key to check any token with yet.
    #[error("the keys that tokens are checked with are not available yet")]
    KeysUnavailable,
}

impl TokenError {
    /// Whether another token would help (401); otherwise only time does (503).
    #[must_use]
    pub fn is_callers_fault(self) -> bool {
        self != Self::KeysUnavailable
    }

    /// A stable word for counting refusals.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::TooLong => "too-long",
            Self::Malformed(_) => "malformed",
            Self::Algorithm => "algorithm",
            Self::CriticalHeader => "critical-header",
            Self::Type => "type",
            Self::UnknownKey => "unknown-key",
            Self::Signature => "signature",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::Claim(_) => "claim",
            Self::Role => "role",
            Self::KeysUnavailable => "keys-unavailable",
        }
    }
}

/// Why the folder of signing keys cannot be used.
#[derive(Debug, Error)]
pub enum KeysError {
    /// The operating system refuses.
    #[error("token keys: cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A file is no key, or not the one that its name says.
    #[error("token keys: {} is not a signing key that this service wrote", .0.display())]
    Damaged(PathBuf),
    /// Everybody on this machine may read a private key.
    #[error("token keys: everybody may read {}; replace that key, and keep the folder to this service", .0.display())]
    TooOpen(PathBuf),
    /// The operating system has no random bytes.
    #[error("token keys: no random bytes from the operating system")]
    NoRandomness,
}

/// Why tokens cannot be issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum IssueError {
    /// A rotated key would be gone before the last token that it signed.
    #[error("tokens live longer than a retired key is published")]
    OutlivesKeys,
    /// The end of the token's life is no time.
    #[error("the token's expiry is out of range")]
    ExpiryOutOfRange,
}

/// Why keys cannot be fetched from where the settings say.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SourceError {
    /// Not an `http://` or `https://` address.
    #[error("`{0}` is no address of keys; write http://HOST/PATH or https://HOST/PATH, without a user name")]
    Address(String),
    /// This build has no TLS.
    #[error("this build fetches keys over plain HTTP only; build with the feature `https` for {0}")]
    NoTls(String),
    /// The system's root certificates cannot be read.
    #[error("no root certificates to check an https:// address with: {0}")]
    Roots(String),
}
