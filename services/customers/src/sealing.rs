//! A customer's own key, and what is done with it: texts are sealed, and requests are recognized by a hash under it.
//!
//! Invariant: what was sealed for one customer and one purpose opens for no other, because both are part of what is
//! authenticated; and the key is part of no `Debug` text.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::customer::Sealed;
use domain::ids::{AccountId, PayeeId};
use sealing::SealingKey;
pub(crate) use sealing::{SealError, random_bytes};
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

/// The one copy lies in the vault.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct CustomerKey(SealingKey);

impl CustomerKey {
    pub(crate) fn random() -> Result<Self, SealError> {
        SealingKey::random().map(Self)
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        SealingKey::from_bytes(bytes).map(Self)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// `text`, for nobody without this key.
    pub(crate) fn seal(&self, customer: Uuid, purpose: Purpose, text: &str) -> Result<Sealed, SealError> {
        let sealed = self.0.seal(&context(customer, purpose), text.as_bytes())?;
        Sealed::try_from(URL_SAFE_NO_PAD.encode(sealed)).map_err(|_| SealError::NotSealed)
    }

    /// What was sealed.
    pub(crate) fn open(
        &self,
        customer: Uuid,
        purpose: Purpose,
        sealed: &Sealed,
    ) -> Result<String, SealError> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed.as_str()).map_err(|_| SealError::NotOpened)?;
        let opened = self.0.open(&context(customer, purpose), &bytes)?;
        String::from_utf8(opened).map_err(|_| SealError::NotOpened)
    }

    /// A hash of what a request asks for that only this key confirms: a plain one, which the event store keeps with the
    /// command, would let whoever reads the store try names until one fits. Nothing secret may be among what is asked
    /// for: whoever has the key tries as fast as a hash is made.
    pub(crate) fn request_hash(&self, asked: &[u8]) -> Result<[u8; 32], SealError> {
        self.0.mac(b"request hash", asked)
    }
}

impl fmt::Debug for CustomerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomerKey(..)")
    }
}

fn context(customer: Uuid, purpose: Purpose) -> Vec<u8> {
    [customer.as_bytes().as_slice(), &purpose.bytes()].concat()
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
    fn a_request_is_recognized_by_one_key_only() {
        let (key, other) = (CustomerKey::random().unwrap(), CustomerKey::random().unwrap());
        let hash = key.request_hash(b"asked").unwrap();
        assert_eq!(hash, key.request_hash(b"asked").unwrap());
        assert_ne!(hash, key.request_hash(b"asked otherwise").unwrap());
        assert_ne!(hash, other.request_hash(b"asked").unwrap());
    }

    #[test]
    fn a_debug_text_shows_no_key() {
        assert_eq!(format!("{:?}", CustomerKey::random().unwrap()), "CustomerKey(..)");
    }
}
