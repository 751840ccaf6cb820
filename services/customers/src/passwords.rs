//! Passwords: their rule, and argon2id (RFC 9106) with a bound on how many are hashed at once.
//!
//! Invariant: a password is in no `Debug` text, no error, no event and no log line; what is kept is its hash.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use serde::Deserialize;
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use crate::config::PasswordSettings;

/// How many may wait for a slot; one more is told to come again.
const WAITING: usize = 64;

/// A password as it was sent.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Password(String);

impl Password {
    /// How many characters it may have.
    pub(crate) const CHARS: RangeInclusive<usize> = 10..=200;
}

impl TryFrom<String> for Password {
    type Error = &'static str;

    /// NIST SP 800-63B, 3.1.1.2: length is what counts, and every character is allowed.
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let length = text.chars().count();
        if Self::CHARS.contains(&length) {
            Ok(Self(text))
        } else {
            Err("a password has 10 to 200 characters")
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// Why a password was neither hashed nor checked.
#[derive(Debug, Error)]
pub(crate) enum PasswordError {
    #[error("too many people sign in at once")]
    Overloaded,
    #[error("a password cannot be hashed: {0}")]
    Failed(String),
}

/// Hashes passwords and checks them, a few at a time: each takes the memory and time that make guessing dear.
#[derive(Clone)]
pub(crate) struct Passwords {
    argon2: Argon2<'static>,
    slots: Arc<Semaphore>,
    /// The slots and those who wait for one.
    room: Arc<Semaphore>,
    /// What a sign-in is checked against whose e-mail address nobody has, so that it takes as long as any other.
    decoy: Arc<str>,
}

impl Passwords {
    pub(crate) fn new(settings: &PasswordSettings) -> anyhow::Result<Self> {
        let params = Params::new(settings.memory_kib, settings.iterations, 1, None);
        let params = params.map_err(|error| {
            anyhow::anyhow!("settings `passwords.memory_kib` and `passwords.iterations`: {error}")
        })?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = hash(&argon2, "a decoy has a hash like everybody's")?;
        let slots = settings.at_once.get();
        Ok(Self {
            argon2,
            slots: Arc::new(Semaphore::new(slots)),
            room: Arc::new(Semaphore::new(slots + WAITING)),
            decoy: decoy.into(),
        })
    }

    /// A turn to hash or to check one password. Whoever has one is not refused any more, so that an attempt may count.
    ///
    /// # Errors
    /// [`PasswordError::Overloaded`] when too many have one.
    pub(crate) fn turn(&self) -> Result<Turn<'_>, PasswordError> {
        let room = Arc::clone(&self.room).try_acquire_owned().map_err(|error| match error {
            TryAcquireError::NoPermits => PasswordError::Overloaded,
            TryAcquireError::Closed => PasswordError::Failed("the service ends".to_owned()),
        })?;
        Ok(Turn { passwords: self, room })
    }

    /// Whether the settings have changed since this hash was made, so that it protects less or costs more than it should.
    pub(crate) fn is_outdated(&self, hash: &str) -> bool {
        let made_with = PasswordHash::new(hash).ok().and_then(|parsed| Params::try_from(&parsed).ok());
        let ours = self.argon2.params();
        made_with.is_none_or(|params| {
            (params.m_cost(), params.t_cost(), params.p_cost())
                != (ours.m_cost(), ours.t_cost(), ours.p_cost())
        })
    }
}

/// Room for one password.
pub(crate) struct Turn<'a> {
    passwords: &'a Passwords,
    room: OwnedSemaphorePermit,
}

impl Turn<'_> {
    /// The hash to keep, in PHC format with its own salt.
    pub(crate) async fn hash(self, password: Password) -> Result<String, PasswordError> {
        self.work(move |argon2| hash(argon2, &password.0)).await?
    }

    /// Whether `hash` was made of `password`; without a hash never, after as much work.
    pub(crate) async fn verify(
        self,
        password: Password,
        hash: Option<String>,
    ) -> Result<bool, PasswordError> {
        let decoy = Arc::clone(&self.passwords.decoy);
        self.work(move |argon2| {
            let known = hash.is_some();
            let text = hash.as_deref().unwrap_or(&decoy);
            let parsed = PasswordHash::new(text).map_err(|error| PasswordError::Failed(error.to_string()))?;
            Ok(argon2.verify_password(password.0.as_bytes(), &parsed).is_ok() && known)
        })
        .await?
    }

    /// On a thread that may block. A client that goes away does not free its slot before the work is done.
    async fn work<T: Send + 'static>(
        self,
        work: impl FnOnce(&Argon2<'static>) -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let Self { passwords, room } = self;
        let slot = Arc::clone(&passwords.slots).acquire_owned().await;
        let slot = slot.map_err(|error| PasswordError::Failed(error.to_string()))?;
        let argon2 = passwords.argon2.clone();
        let done = tokio::task::spawn_blocking(move || {
            let done = work(&argon2);
            drop((slot, room));
            done
        });
        done.await.map_err(|error| PasswordError::Failed(error.to_string()))
    }
}

fn hash(argon2: &Argon2<'_>, password: &str) -> Result<String, PasswordError> {
    let hashed = argon2.hash_password(password.as_bytes());
    hashed.map(|hash| hash.to_string()).map_err(|error| PasswordError::Failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;

    fn passwords(at_once: usize) -> Passwords {
        let at_once = NonZeroUsize::new(at_once).unwrap();
        Passwords::new(&PasswordSettings { memory_kib: 64, iterations: 1, at_once }).unwrap()
    }

    fn password(text: &str) -> Password {
        Password::try_from(text.to_owned()).unwrap()
    }

    async fn hashed(passwords: &Passwords, text: &str) -> String {
        passwords.turn().unwrap().hash(password(text)).await.unwrap()
    }

    async fn is_right(passwords: &Passwords, text: &str, hash: Option<&str>) -> bool {
        let hash = hash.map(str::to_owned);
        passwords.turn().unwrap().verify(password(text), hash).await.unwrap()
    }

    #[tokio::test]
    async fn a_hash_knows_its_password_and_no_other() {
        let passwords = passwords(1);
        let hash = hashed(&passwords, "correct horse").await;
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{hash}");
        assert!(is_right(&passwords, "correct horse", Some(&hash)).await);
        assert!(!is_right(&passwords, "correct house", Some(&hash)).await);
        // The decoy is nobody's, not even for who knows it.
        assert!(!is_right(&passwords, "a decoy has a hash like everybody's", None).await);
    }

    #[tokio::test]
    async fn the_same_password_has_another_hash_each_time() {
        let passwords = passwords(1);
        assert_ne!(hashed(&passwords, "correct horse").await, hashed(&passwords, "correct horse").await);
    }

    #[tokio::test]
    async fn a_hash_is_outdated_when_the_settings_change() {
        let passwords = passwords(1);
        let hash = hashed(&passwords, "correct horse").await;
        assert!(!passwords.is_outdated(&hash));
        let at_once = NonZeroUsize::MIN;
        let dearer = PasswordSettings { memory_kib: 128, iterations: 1, at_once };
        let dearer = Passwords::new(&dearer).unwrap();
        assert!(dearer.is_outdated(&hash));
        assert!(is_right(&dearer, "correct horse", Some(&hash)).await);
    }

    #[tokio::test]
    async fn so_many_wait_and_one_more_is_told_to_come_again() {
        let passwords = passwords(1);
        let taken = Arc::clone(&passwords.slots).acquire_owned().await.unwrap();
        let mut waiting: Vec<_> = (0..=WAITING)
            .map(|_| Box::pin(passwords.turn().unwrap().hash(password("correct horse"))))
            .collect();
        for one in &mut waiting {
            assert!(futures::poll!(one).is_pending());
        }
        let refused = passwords.turn().err();
        assert!(matches!(refused, Some(PasswordError::Overloaded)), "{refused:?}");
        drop(taken);
        for one in waiting {
            one.await.unwrap();
        }
    }

    #[test]
    fn a_password_has_10_to_200_characters_and_no_debug_text() {
        for wrong in ["", "9 letters", &"p".repeat(201)] {
            assert!(Password::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
        assert_eq!(format!("{:?}", password("ü".repeat(200).as_str())), "Password(..)");
    }
}
