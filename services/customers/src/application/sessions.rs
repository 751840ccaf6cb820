//! Signing in, staying signed in, and signing out.

use domain::customer::EmailAddress;
use service_kit::identity::{AccessToken, Grant, Subject};
use uuid::Uuid;

use super::{Application, CustomerError};
use crate::passwords::Password;
use crate::vault::{Attempt, RefreshToken, Refreshed};

/// What somebody gets who signed in.
pub(crate) struct SignedInSession {
    pub(crate) customer: Uuid,
    pub(crate) access_token: AccessToken,
    pub(crate) refresh_token: RefreshToken,
}

impl Application {
    /// A new session. An unknown address takes as long as a wrong password and is answered alike.
    pub(crate) async fn sign_in(
        &self,
        email: &EmailAddress,
        password: Password,
    ) -> Result<SignedInSession, CustomerError> {
        let now = self.clock.now();
        let holder = self.vault.holder(&self.vault.lookup(email)).await?;
        let customer = holder.map(|held| held.customer);
        let hash = match customer {
            None => None,
            Some(customer) => match self.vault.count_attempt(customer, now).await? {
                Attempt::Allowed(hash) => Some(hash),
                Attempt::Locked(seconds) => return Err(CustomerError::Locked(seconds)),
                Attempt::Unknown => None,
            },
        };
        let right = self.passwords.verify(password, hash).await?;
        let customer = customer.filter(|_| right).ok_or(CustomerError::WrongCredentials)?;
        // A reservation is no registration, and an address that was given up is nobody's.
        if !self.holds(customer, email).await? {
            return Err(CustomerError::WrongCredentials);
        }
        self.vault.forget_attempts(customer).await?;
        let session = Uuid::now_v7();
        let refresh_token =
            self.vault.open_session(customer, session, now + self.session_lifetime, now).await?;
        self.session(customer, session, refresh_token)
    }

    /// The next tokens of a session.
    pub(crate) async fn refresh(&self, token: &RefreshToken) -> Result<SignedInSession, CustomerError> {
        match self.vault.refresh(token, self.clock.now()).await? {
            Refreshed::Next { customer, session, token } => {
                self.active(customer).await.map_err(|error| match error {
                    CustomerError::NotFound => CustomerError::RefreshRefused,
                    other => other,
                })?;
                self.session(customer, session, token)
            }
            Refreshed::Reused(session) => {
                metrics::counter!("refresh_tokens_reused_total").increment(1);
                tracing::warn!(%session, "a used refresh token came again; the session is ended");
                Err(CustomerError::RefreshRefused)
            }
            Refreshed::Refused => Err(CustomerError::RefreshRefused),
        }
    }

    /// Ends a session. Access tokens of it are good until they expire.
    pub(crate) async fn sign_out(&self, session: Uuid) -> Result<(), CustomerError> {
        Ok(self.vault.end_session(session, self.clock.now()).await?)
    }

    fn session(
        &self,
        customer: Uuid,
        session: Uuid,
        refresh_token: RefreshToken,
    ) -> Result<SignedInSession, CustomerError> {
        let subject = Subject::Customer(customer);
        let grant = Grant { subject, session: Some(session), token_id: Uuid::now_v7() };
        let access_token = self.issuer.issue(&grant, self.clock.now())?;
        Ok(SignedInSession { customer, access_token, refresh_token })
    }
}
