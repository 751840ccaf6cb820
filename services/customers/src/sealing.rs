//! A customer's own key, and what is done with it: texts are sealed with AES-256-GCM (NIST SP 800-38D) and a random nonce,
//! requests are recognized by HMAC-SHA-256, each under a key derived for it alone (HKDF, RFC 5869).
//!
//! Invariant: what was sealed for one customer and one purpose opens for no other, because both are part of what is
//! authenticated; and the key is part of no `Debug` text.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::customer::Sealed;
use domain::ids::{AccountId, PayeeId};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use ring::{hkdf, hmac};
use thiserror::Error;
use uuid::Uuid;

/// Which text of a customer's it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Profile,
    /// Of this payee with this account: a name that is put beside another account does not open.
    PayeeName(PayeeId, AccountId),
}

impl Purpose {
    /// No two purposes have the same bytes.
    fn bytes(self) -> Vec<u8> {
        match self {
            Self::Profile => b"profile".to_vec(),
            Self::PayeeName(payee, account) => {
                [b"payee-name".as_slice(), payee.0.as_bytes(), account.0.as_bytes()].concat()
            }
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

    /// A hash of what a request asks for that only this key confirms: a plain one, which the event store keeps with the
    /// command, would let whoever reads the store try names until one fits. Nothing secret may be among what is asked
    /// for: whoever has the key tries as fast as a hash is made.
    pub(crate) fn request_hash(&self, asked: &[u8]) -> Result<[u8; 32], SealError> {
        let prk = self.prk();
        let key = prk.expand(&[b"request hash"], hmac::HMAC_SHA256).map_err(|_| SealError::NotSealed)?;
        let mut hash = [0; 32];
        hash.copy_from_slice(hmac::sign(&hmac::Key::from(key), asked).as_ref());
        Ok(hash)
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

impl fmt::Debug for CustomerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomerKey(..)")
    }
}

fn aad(customer: Uuid, purpose: Purpose) -> Aad<Vec<u8>> {
    Aad::from([customer.as_bytes().as_slice(), &purpose.bytes()].concat())
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

    fn payee_name(payee: u128, account: u128) -> Purpose {
        Purpose::PayeeName(PayeeId(Uuid::from_u128(payee)), AccountId(Uuid::from_u128(account)))
    }

    #[test]
    fn what_is_sealed_opens_only_for_its_customer_its_purpose_and_its_key() {
        let (key, other) = (CustomerKey::random().unwrap(), CustomerKey::random().unwrap());
        let sealed = key.seal(ADA, Purpose::Profile, "Ada Lovelace").unwrap();

        assert_eq!(key.open(ADA, Purpose::Profile, &sealed).unwrap(), "Ada Lovelace");
        let wrong = [
            other.open(ADA, Purpose::Profile, &sealed),
            key.open(ADA, payee_name(1, 1), &sealed),
            key.open(Uuid::from_u128(2), Purpose::Profile, &sealed),
        ];
        assert!(wrong.iter().all(|opened| *opened == Err(SealError::NotOpened)), "{wrong:?}");
    }

    #[test]
    fn the_name_of_a_payee_opens_only_beside_its_own_account() {
        let key = CustomerKey::random().unwrap();
        let sealed = key.seal(ADA, payee_name(1, 2), "Charles").unwrap();
        assert_eq!(key.open(ADA, payee_name(1, 2), &sealed).unwrap(), "Charles");
        for other in [payee_name(1, 3), payee_name(3, 2)] {
            assert_eq!(key.open(ADA, other, &sealed), Err(SealError::NotOpened));
        }
    }

    #[test]
    fn a_request_is_recognized_by_one_key_only_which_is_not_the_one_that_seals() {
        let (key, other) = (CustomerKey([1; 32]), CustomerKey([2; 32]));
        let hash = key.request_hash(b"asked").unwrap();
        assert_eq!(hash, key.request_hash(b"asked").unwrap());
        assert_ne!(hash, key.request_hash(b"asked otherwise").unwrap());
        assert_ne!(hash, other.request_hash(b"asked").unwrap());
        let plain = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]), b"asked");
        assert_ne!(hash, plain.as_ref());
    }

    #[test]
    fn the_same_text_is_sealed_otherwise_each_time() {
        let key = CustomerKey::random().unwrap();
        let seal = || key.seal(ADA, payee_name(1, 1), "Charles").unwrap();
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
