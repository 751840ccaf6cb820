//! A customer's own key, and what is sealed with it: AES-256-GCM (NIST SP 800-38D) with a random nonce.
//!
//! Invariant: what was sealed for one customer and one purpose opens for no other, because both are part of what is
//! authenticated; and the key is part of no `Debug` text.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::customer::Sealed;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use thiserror::Error;
use uuid::Uuid;

/// Which text of a customer's it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Profile,
    PayeeName,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::PayeeName => "payee-name",
        }
    }
}

/// Sealing or opening failed. It says nothing more on purpose: why a text does not open would help whoever forges one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum SealError {
    #[error("the system gives no random bytes")]
    NoRandomness,
    #[error("a text cannot be sealed")]
    NotSealed,
    #[error("a sealed text does not open with its customer's key")]
    NotOpened,
}

/// 256 random bits. The one copy lies in the vault.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct CustomerKey([u8; 32]);

impl CustomerKey {
    pub(crate) fn random() -> Result<Self, SealError> {
        random_bytes().map(Self)
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// `text`, for nobody without this key.
    pub(crate) fn seal(&self, customer: Uuid, purpose: Purpose, text: &str) -> Result<Sealed, SealError> {
        let nonce: [u8; NONCE_LEN] = random_bytes()?;
        let mut bytes = text.as_bytes().to_vec();
        let key = self.aead().ok_or(SealError::NotSealed)?;
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad(customer, purpose), &mut bytes)
            .map_err(|_| SealError::NotSealed)?;
        let sealed = URL_SAFE_NO_PAD.encode([nonce.as_slice(), &bytes].concat());
        Sealed::try_from(sealed).map_err(|_| SealError::NotSealed)
    }

    /// What was sealed.
    pub(crate) fn open(
        &self,
        customer: Uuid,
        purpose: Purpose,
        sealed: &Sealed,
    ) -> Result<String, SealError> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed.as_str()).map_err(|_| SealError::NotOpened)?;
        let (nonce, text) = bytes.split_first_chunk::<NONCE_LEN>().ok_or(SealError::NotOpened)?;
        let mut text = text.to_vec();
        let key = self.aead().ok_or(SealError::NotOpened)?;
        let opened = key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), aad(customer, purpose), &mut text)
            .map_err(|_| SealError::NotOpened)?;
        String::from_utf8(opened.to_vec()).map_err(|_| SealError::NotOpened)
    }

    /// A hash of a request's body that only this key confirms: a plain one, which the event store keeps with the
    /// command, would let whoever reads the store try names and passwords until one fits.
    pub(crate) fn request_hash(&self, body_hash: [u8; 32]) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let mut hash = [0; 32];
        hash.copy_from_slice(hmac::sign(&key, &[b"request".as_slice(), &body_hash].concat()).as_ref());
        hash
    }

    fn aead(&self) -> Option<LessSafeKey> {
        UnboundKey::new(&AES_256_GCM, &self.0).ok().map(LessSafeKey::new)
    }
}

impl fmt::Debug for CustomerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomerKey(..)")
    }
}

fn aad(customer: Uuid, purpose: Purpose) -> Aad<Vec<u8>> {
    Aad::from([customer.as_bytes().as_slice(), purpose.as_str().as_bytes()].concat())
}

/// So many random bytes of the system.
pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], SealError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| SealError::NoRandomness)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: Uuid = Uuid::from_u128(1);

    #[test]
    fn what_is_sealed_opens_only_for_its_customer_its_purpose_and_its_key() {
        let (key, other) = (CustomerKey::random().unwrap(), CustomerKey::random().unwrap());
        let sealed = key.seal(ADA, Purpose::Profile, "Ada Lovelace").unwrap();

        assert_eq!(key.open(ADA, Purpose::Profile, &sealed).unwrap(), "Ada Lovelace");
        let wrong = [
            other.open(ADA, Purpose::Profile, &sealed),
            key.open(ADA, Purpose::PayeeName, &sealed),
            key.open(Uuid::from_u128(2), Purpose::Profile, &sealed),
        ];
        assert!(wrong.iter().all(|opened| *opened == Err(SealError::NotOpened)), "{wrong:?}");
    }

    #[test]
    fn the_same_text_is_sealed_otherwise_each_time() {
        let key = CustomerKey::random().unwrap();
        let seal = || key.seal(ADA, Purpose::PayeeName, "Charles").unwrap();
        assert_ne!(seal(), seal());
    }

    #[test]
    fn a_sealed_text_with_any_bit_turned_does_not_open() {
        let key = CustomerKey::random().unwrap();
        let sealed = key.seal(ADA, Purpose::Profile, "Ada").unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(sealed.as_str()).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut turned = bytes.clone();
            turned[bit / 8] ^= 1 << (bit % 8);
            let turned = Sealed::try_from(URL_SAFE_NO_PAD.encode(turned)).unwrap();
            assert_eq!(key.open(ADA, Purpose::Profile, &turned), Err(SealError::NotOpened), "bit {bit}");
        }
    }

    #[test]
    fn a_debug_text_shows_no_key() {
        assert_eq!(format!("{:?}", CustomerKey::random().unwrap()), "CustomerKey(..)");
    }
}
