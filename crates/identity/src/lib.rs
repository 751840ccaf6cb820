//! Who calls: keys, access tokens, and how a token becomes a [`Caller`].
//!
//! One service issues tokens ([`SigningKeys`], [`TokenIssuer`]) and publishes its public keys ([`Jwks`]); every
//! other one checks them ([`TokenVerifier`]) with keys from the same process, from a JWKS address, or from an external
//! OpenID Connect issuer. The time and random bytes are arguments.
//!
//! Invariant: a [`Caller`] exists only for a token whose signature was checked before anything in it was believed; and
//! neither a token nor a private key is ever part of a `Debug` text, an error or a log line.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! # let (now, session, customer, token_id) = (chrono::DateTime::UNIX_EPOCH, None, uuid::Uuid::nil(), uuid::Uuid::nil());
//! use std::time::Duration;
//! use identity::{Grant, Seed, SigningKeys, Subject, TokenIssuer, TokenRules, TokenVerifier};
//!
//! let keys = SigningKeys::open("bank-data/token-keys".as_ref(), Duration::from_secs(900), Seed::random()?, now)?;
//! let issuer = TokenIssuer::new(keys.clone(), "urn:bank", "bank", TokenIssuer::LIFETIME)?;
//! let token = issuer.issue(&Grant { subject: Subject::Customer(customer), session, token_id }, now)?;
//!
//! let verifier = TokenVerifier::local(TokenRules::new("urn:bank", "bank"), keys);
//! let caller = verifier.verify(token.expose(), now).await?;
//! assert_eq!(caller.actor().as_str(), customer.to_string());
//! # Ok(())
//! # }
//! ```

mod caller;
mod claims;
mod encoding;
mod error;
mod fetch;
mod issuer;
mod jwks;
mod jws;
mod keys;
mod remote;
mod rules;
mod strict_json;
mod verifier;

pub use caller::{Caller, OperatorName, Subject};
pub use error::{IssueError, KeysError, SourceError, TokenError};
pub use issuer::{AccessToken, Grant, TokenIssuer};
pub use jwks::{Jwk, Jwks};
pub use keys::{Seed, SigningKeys};
pub use remote::Fetching;
pub use rules::{RoleRules, TokenRules};
pub use verifier::{MAX_TOKEN_BYTES, TokenVerifier};
