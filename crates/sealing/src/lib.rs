//! A key, and what is done with it: bytes are sealed with AES-256-GCM (NIST SP 800-38D) and a random nonce, each use under
//! a key derived for it alone (HKDF, RFC 5869).
//!
//! Invariant: what was sealed in one context opens in no other, because the context is part of what is authenticated; and
//! a key is part of no `Debug` text.

use std::fmt;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use ring::{hkdf, hmac};
use thiserror::Error;

/// Sealing or opening failed. It says nothing more on purpose: why something does not open would help whoever forges one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SealError {
    /// The system has none to give.
    #[error("the system gives no random bytes")]
    NoRandomness,
    /// It is too long, or of a kind that its place does not take.
    #[error("a text cannot be sealed")]
    NotSealed,
    /// It was sealed under another key or in another context, or changed since.
    #[error("a sealed text does not open with its key")]
    NotOpened,
}

/// 256 random bits.
#[derive(Clone, PartialEq, Eq)]
pub struct SealingKey([u8; 32]);

impl SealingKey {
    /// A new one.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn random() -> Result<Self, SealError> {
        random_bytes().map(Self)
    }

    /// The key that these bytes are; `None` when they are not 32.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The key that follows from a secret for one purpose, and tells nothing about the secret.
    ///
    /// # Errors
    /// Never, for a key of this length.
    pub fn derived_from(secret: &[u8], purpose: &[u8]) -> Result<Self, SealError> {
        let mut key = [0; 32];
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(secret);
        let filled = prk.expand(&[purpose], hkdf::HKDF_SHA256).and_then(|okm| okm.fill(&mut key));
        filled.map(|()| Self(key)).map_err(|_| SealError::NotSealed)
    }

    /// The key itself, for whoever keeps it.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// `bytes`, for nobody without this key.
    ///
    /// # Errors
    /// When the system has no randomness to give, or there are too many of them.
    pub fn seal(&self, context: &[u8], bytes: &[u8]) -> Result<Vec<u8>, SealError> {
        let nonce: [u8; NONCE_LEN] = random_bytes()?;
        let mut sealed = bytes.to_vec();
        let key = self.aead().ok_or(SealError::NotSealed)?;
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut sealed)
            .map_err(|_| SealError::NotSealed)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// What was sealed.
    ///
    /// # Errors
    /// When it was not sealed under this key in this context.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (nonce, bytes) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(SealError::NotOpened)?;
        let mut bytes = bytes.to_vec();
        let key = self.aead().ok_or(SealError::NotOpened)?;
        let opened = key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(context), &mut bytes)
            .map_err(|_| SealError::NotOpened)?;
        Ok(opened.to_vec())
    }

    /// HMAC-SHA-256 of `bytes` under a key for this use alone.
    ///
    /// # Errors
    /// Never, for a key of this length.
    pub fn mac(&self, usage: &[u8], bytes: &[u8]) -> Result<[u8; 32], SealError> {
        let (prk, usage) = (self.prk(), [usage]);
        let key = prk.expand(&usage, hmac::HMAC_SHA256).map_err(|_| SealError::NotSealed)?;
        let mut mac = [0; 32];
        mac.copy_from_slice(hmac::sign(&hmac::Key::from(key), bytes).as_ref());
        Ok(mac)
    }

    fn aead(&self) -> Option<LessSafeKey> {
        let prk = self.prk();
        let key = prk.expand(&[b"seal"], &AES_256_GCM).ok()?;
        Some(LessSafeKey::new(UnboundKey::from(key)))
    }

    /// What the key for each use is derived from.
    fn prk(&self) -> hkdf::Prk {
        hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(&self.0)
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(..)")
    }
}

/// So many random bytes of the system.
///
/// # Errors
/// When it has none to give.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], SealError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| SealError::NoRandomness)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_in_its_context_and_with_its_key() {
        let (key, other) = (SealingKey::random().unwrap(), SealingKey::random().unwrap());
        let sealed = key.seal(b"context", b"text").unwrap();
        assert_eq!(key.open(b"context", &sealed).unwrap(), b"text");
        for opened in
            [other.open(b"context", &sealed), key.open(b"another", &sealed), key.open(b"context", b"short")]
        {
            assert_eq!(opened, Err(SealError::NotOpened));
        }
    }

    #[test]
    fn the_same_text_is_sealed_otherwise_each_time() {
        let key = SealingKey::random().unwrap();
        assert_ne!(key.seal(b"", b"text").unwrap(), key.seal(b"", b"text").unwrap());
    }

    #[test]
    fn a_sealed_text_with_any_bit_turned_does_not_open() {
        let key = SealingKey::random().unwrap();
        let sealed = key.seal(b"", b"Ada").unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut turned = sealed.clone();
            turned[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key.open(b"", &turned), Err(SealError::NotOpened), "bit {bit}");
        }
    }

    #[test]
    fn a_key_follows_from_a_secret_and_a_purpose() {
        let key = SealingKey::derived_from(b"secret", b"webhooks").unwrap();
        assert_eq!(key, SealingKey::derived_from(b"secret", b"webhooks").unwrap());
        assert_ne!(key, SealingKey::derived_from(b"secret", b"others").unwrap());
        assert_ne!(key, SealingKey::derived_from(b"another", b"webhooks").unwrap());
    }

    #[test]
    fn each_use_has_a_key_of_its_own() {
        let key = SealingKey([1; 32]);
        assert_eq!(key.mac(b"one", b"bytes").unwrap(), key.mac(b"one", b"bytes").unwrap());
        assert_ne!(key.mac(b"one", b"bytes").unwrap(), key.mac(b"other", b"bytes").unwrap());
        let plain = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]), b"bytes");
        assert_ne!(key.mac(b"one", b"bytes").unwrap(), plain.as_ref());
    }

    #[test]
    fn a_debug_text_shows_no_key() {
        assert_eq!(format!("{:?}", SealingKey::random().unwrap()), "SealingKey(..)");
    }
}
