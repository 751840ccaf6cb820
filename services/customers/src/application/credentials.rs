//! Checking a password, counted.

use uuid::Uuid;

use super::{Application, CustomerError};
use crate::passwords::Password;
use crate::vault::{Attempt, TriedFor};

impl Application {
    /// The hash that `password` was found right against; nothing when it is wrong, or there is no such customer, which
    /// takes as long. It counts as a failed attempt until [`Vault::forget_attempts`](crate::vault::Vault).
    ///
    /// # Errors
    /// [`CustomerError::Locked`] after too many attempts.
    pub(super) async fn try_password(
        &self,
        tried: TriedFor<'_>,
        customer: Option<Uuid>,
        password: Password,
    ) -> Result<Option<String>, CustomerError> {
        // First: whoever is told to come again has not tried anything.
        let turn = self.passwords.turn()?;
        if let Attempt::Locked(seconds) = self.vault.count_attempt(tried, self.clock.now()).await? {
            return Err(CustomerError::Locked(seconds));
        }
        let hash = match customer {
            Some(customer) => self.vault.password_hash(customer).await?,
            None => None,
        };
        let right = turn.verify(password, hash.clone()).await?;
        Ok(hash.filter(|_| right))
    }

    /// Hashes a password that was just found right as the settings want it today. It only protects better: when it fails,
    /// the next one does it.
    pub(super) async fn renew_hash(&self, customer: Uuid, verified: &str, password: Password) {
        if !self.passwords.is_outdated(verified) {
            return;
        }
        let renewed = async {
            let hash = self.passwords.turn()?.hash(password).await?;
            Ok::<(), CustomerError>(self.vault.replace_hash(customer, verified, &hash).await?)
        };
        if let Err(error) = renewed.await {
            tracing::warn!(%customer, %error, "could not hash a password anew");
        }
    }
}
