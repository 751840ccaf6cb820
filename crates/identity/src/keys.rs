//! The private keys of the service that issues tokens: one signs, and those before it are published until the last
//! token that they signed has expired.
//!
//! Invariant: a key's file is written once and never changed. The newest key signs; when a key retired is when the
//! next one was made. A crash between two steps of a rotation therefore leaves nothing half done.

mod file;
mod folder;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair};

use crate::encoding;
use crate::error::KeysError;
use crate::jwks::{Jwk, Jwks, PublicKey};
use folder::Folder;

/// The random bytes that an Ed25519 key is made from.
pub struct Seed([u8; 32]);

impl Seed {
    /// A seed from the operating system.
    ///
    /// # Errors
    /// When the operating system has no random bytes.
    pub fn random() -> Result<Self, KeysError> {
        let mut bytes = [0; 32];
        SystemRandom::new().fill(&mut bytes).map_err(|_| KeysError::NoRandomness)?;
        Ok(Self(bytes))
    }

    /// A known seed, for tests.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(***)")
    }
}

/// The keys of a service that issues tokens. Clones are the same keys.
#[derive(Clone)]
pub struct SigningKeys(Arc<Shared>);

struct Shared {
    /// `None` for keys that end with the process.
    folder: Option<Folder>,
    retire_after: Duration,
    /// At least one; the newest, which signs, is the last.
    keys: RwLock<Vec<SigningKey>>,
}

/// A private key, and since when it signs.
struct SigningKey {
    pair: Ed25519KeyPair,
    public: [u8; 32],
    id: String,
    created_at: DateTime<Utc>,
}

impl SigningKey {
    fn new(seed: &Seed, created_at: DateTime<Utc>) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed.0).ok()?;
        let public = pair.public_key().as_ref().try_into().ok()?;
        let id = PublicKey::Ed25519(public).thumbprint();
        Some(Self { pair, public, id, created_at })
    }
}

impl SigningKeys {
    /// Reads the keys in a folder. When there is none yet, the folder (0700) and a first key (0600) are made, from
    /// `seed`. A retired key stays published for `retire_after`: longer than the tokens that it signed are valid.
    ///
    /// # Errors
    /// [`KeysError`], when the folder cannot be used, or a file in it is damaged or can be read by everybody.
    pub fn open(
        folder: &Path,
        retire_after: Duration,
        seed: Seed,
        now: DateTime<Utc>,
    ) -> Result<Self, KeysError> {
        let folder = Folder::open(folder)?;
        let keys = folder.read_or_create(&seed, now)?;
        Ok(Self(Arc::new(Shared { folder: Some(folder), retire_after, keys: RwLock::new(keys) })))
    }

    /// Keys that end with the process, for tests.
    ///
    /// # Errors
    /// When the seed gives no key.
    pub fn in_memory(retire_after: Duration, seed: Seed, now: DateTime<Utc>) -> Result<Self, KeysError> {
        let key = SigningKey::new(&seed, now).ok_or(KeysError::NoRandomness)?;
        Ok(Self(Arc::new(Shared { folder: None, retire_after, keys: RwLock::new(vec![key]) })))
    }

    /// Makes a new key, which signs from now on, and forgets those that retired long enough ago. Gives the new key's id.
    ///
    /// # Errors
    /// [`KeysError`], when the new key cannot be stored; the old one signs on.
    pub fn rotate(&self, seed: Seed, now: DateTime<Utc>) -> Result<String, KeysError> {
        let mut keys = self.0.keys.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = &self.0.folder {
            let (current, id) = folder.rotate(&seed, now, self.0.retire_after)?;
            *keys = current;
            return Ok(id);
        }
        let key = SigningKey::new(&seed, successor_time(&keys, now)).ok_or(KeysError::NoRandomness)?;
        let id = key.id.clone();
        keys.push(key);
        let forgotten = forgotten(&keys, now, self.0.retire_after);
        keys.drain(..forgotten);
        Ok(id)
    }

    /// How long a retired key stays published.
    #[must_use]
    pub fn retire_after(&self) -> Duration {
        self.0.retire_after
    }

    /// The public keys as others may see them at the time `now`, the newest first.
    #[must_use]
    pub fn jwks(&self, now: DateTime<Utc>) -> Jwks {
        let keys = self.0.keys.read().unwrap_or_else(PoisonError::into_inner);
        let published = &keys[forgotten(&keys, now, self.0.retire_after)..];
        Jwks { keys: published.iter().rev().map(|key| Jwk::ed25519(&key.public)).collect() }
    }

    /// The public key with this id, if it is published at the time `now`.
    pub(crate) fn published(&self, id: &str, now: DateTime<Utc>) -> Option<PublicKey> {
        let keys = self.0.keys.read().unwrap_or_else(PoisonError::into_inner);
        let published = &keys[forgotten(&keys, now, self.0.retire_after)..];
        published.iter().find(|key| key.id == id).map(|key| PublicKey::Ed25519(key.public))
    }

    /// Signs what `message` makes of the id of the newest key, and gives `message.signature`. Both are the same key's,
    /// whoever rotates meanwhile.
    pub(crate) fn sign_with(&self, message: impl FnOnce(&str) -> String) -> String {
        let keys = self.0.keys.read().unwrap_or_else(PoisonError::into_inner);
        let Some(newest) = keys.last() else { return String::new() };
        let message = message(&newest.id);
        let signature = encoding::encode(newest.pair.sign(message.as_bytes()));
        format!("{message}.{signature}")
    }
}

/// How many of the oldest keys retired at least `retire_after` ago.
fn forgotten(keys: &[SigningKey], now: DateTime<Utc>, retire_after: Duration) -> usize {
    let retire_after = TimeDelta::from_std(retire_after).unwrap_or(TimeDelta::MAX);
    keys.windows(2).take_while(|pair| now.signed_duration_since(pair[1].created_at) >= retire_after).count()
}

/// When a new key starts to sign: later than the one before it, even if the clock was set back.
fn successor_time(keys: &[SigningKey], now: DateTime<Utc>) -> DateTime<Utc> {
    let after_newest =
        keys.last().and_then(|newest| newest.created_at.checked_add_signed(TimeDelta::milliseconds(1)));
    after_newest.map_or(now, |after| after.max(now))
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.0.keys.read().unwrap_or_else(PoisonError::into_inner);
        let ids: Vec<_> = keys.iter().map(|key| &key.id).collect();
        f.debug_struct("SigningKeys").field("ids", &ids).finish_non_exhaustive()
    }
}
