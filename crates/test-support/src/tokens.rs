//! Access tokens for tests, signed with the keys of the bank under test.

use std::path::Path;
use std::time::{Duration, SystemTime};

use identity::{Grant, Seed, SigningKeys, Subject, TokenIssuer, TokenRules, TokenVerifier};
use uuid::Uuid;

/// Longer than any test.
const LIFETIME: Duration = Duration::from_secs(3600);

/// The keys in one folder, under the bank's default names for issuer and audience.
#[derive(Debug, Clone)]
pub struct TestTokens {
    keys: SigningKeys,
    issuer: TokenIssuer,
    /// How far the clock of the bank under test is ahead of this machine's.
    ahead: Duration,
}

impl TestTokens {
    /// With the keys in `folder`, made when there are none.
    ///
    /// # Panics
    /// When the folder cannot be used.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        let seed = Seed::random().expect("random bytes");
        let keys = SigningKeys::open(folder, 2 * LIFETIME, seed, SystemTime::now().into()).expect("keys");
        let issuer = TokenIssuer::new(keys.clone(), "urn:bank", "bank", LIFETIME).expect("an issuer");
        Self { keys, issuer, ahead: Duration::ZERO }
    }

    /// The same for a bank whose clock was put so far ahead.
    #[must_use]
    pub fn ahead(&self, by: Duration) -> Self {
        Self { ahead: self.ahead + by, ..self.clone() }
    }

    /// Believes these tokens.
    #[must_use]
    pub fn verifier(&self) -> TokenVerifier {
        TokenVerifier::local(TokenRules::new("urn:bank", "bank"), self.keys.clone())
    }

    /// A token of an operator.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn operator(&self) -> String {
        self.issue(Subject::operator("test").expect("a name"))
    }

    /// A token of the customer `id`.
    #[must_use]
    pub fn customer(&self, id: Uuid) -> String {
        self.issue(Subject::Customer(id))
    }

    fn issue(&self, subject: Subject) -> String {
        let grant = Grant { subject, session: None, token_id: Uuid::now_v7() };
        let token = self.issuer.issue(&grant, (SystemTime::now() + self.ahead).into()).expect("a token");
        token.expose().to_owned()
    }
}
