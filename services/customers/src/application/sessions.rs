//! Signing in, staying signed in, and signing out.

use domain::customer::EmailAddress;
use service_kit::identity::{AccessToken, Grant, Subject};
use uuid::Uuid;

use super::{Application, CustomerError};
use crate::passwords::Password;
use crate::vault::{RefreshToken, TokenState, TriedFor};

/// What somebody gets who signed in.
pub(crate) struct SignedInSession {
    pub(crate) customer: Uuid,
    pub(crate) access_token: AccessToken,
    pub(crate) refresh_token: RefreshToken,
}

impl Application {
    /// A new session. An unknown address takes as long as a wrong password, and is counted and answered alike.
    pub(crate) async fn sign_in(
        &self,
        email: &EmailAddress,
        password: Password,
    ) -> Result<SignedInSession, CustomerError> {
        let lookup = self.vault.lookup(email);
        let tried = TriedFor::Address(&lookup);
        let customer = self.vault.holder(&lookup).await?.map(|held| held.customer);
        let verified = self.try_password(tried, customer, password.clone()).await?;
        let (Some(customer), Some(verified)) = (customer, verified) else {
            return Err(CustomerError::WrongCredentials);
        };
        // A reservation is no registration, and an address that was given up is nobody's.
        if !self.holds(customer, email).await? {
            return Err(CustomerError::WrongCredentials);
        }
        self.vault.forget_attempts(tried).await?;
        let signed_in = self.open_session(customer, &verified).await?;
        self.renew_hash(customer, &verified, password).await;
        Ok(signed_in)
    }

    /// A session of a customer whose password was just checked against `verified`.
    pub(super) async fn open_session(
        &self,
        customer: Uuid,
        verified: &str,
    ) -> Result<SignedInSession, CustomerError> {
        let session = Uuid::now_v7();
        let access_token = self.access_token(customer, session)?;
        let expires_at = self.clock.now() + self.session_lifetime;
        let opened = self.vault.open_session(customer, verified, session, expires_at).await?;
        // None: they have another password since, or are gone.
        let refresh_token = opened.ok_or(CustomerError::WrongCredentials)?;
        Ok(SignedInSession { customer, access_token, refresh_token })
    }

    /// The next tokens of a session. The token is used up last: whatever fails before, the client has it still.
    pub(crate) async fn refresh(&self, token: &RefreshToken) -> Result<SignedInSession, CustomerError> {
        let now = self.clock.now();
        let (customer, session) = match self.vault.token_state(token, now).await? {
            TokenState::Unused { customer, session } => (customer, session),
            state => return self.refuse(state).await,
        };
        self.active(customer).await.map_err(|error| match error {
            CustomerError::NotFound => CustomerError::RefreshRefused,
            other => other,
        })?;
        let access_token = self.access_token(customer, session)?;
        match self.vault.rotate(token, now).await? {
            Some(refresh_token) => Ok(SignedInSession { customer, access_token, refresh_token }),
            None => self.refuse(self.vault.token_state(token, now).await?).await,
        }
    }

    /// A token that comes again was stolen, before or after its owner used it; the session ends for both.
    async fn refuse(&self, state: TokenState) -> Result<SignedInSession, CustomerError> {
        if let TokenState::Used { session } = state {
            self.vault.end_session(session, self.clock.now()).await?;
            metrics::counter!("refresh_tokens_reused_total").increment(1);
            tracing::warn!(%session, "a used refresh token came again; the session is ended");
        }
        Err(CustomerError::RefreshRefused)
    }

    /// Ends a session. Access tokens of it are good until they expire.
    pub(crate) async fn sign_out(&self, session: Uuid) -> Result<(), CustomerError> {
        Ok(self.vault.end_session(session, self.clock.now()).await?)
    }

    fn access_token(&self, customer: Uuid, session: Uuid) -> Result<AccessToken, CustomerError> {
        let subject = Subject::Customer(customer);
        let grant = Grant { subject, session: Some(session), token_id: Uuid::now_v7() };
        Ok(self.issuer.issue(&grant, self.clock.now())?)
    }
}
