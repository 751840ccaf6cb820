//! Who makes the requests of a smoke test: an operator, by keys that were made for this test alone.

use std::time::{Duration, SystemTime};

use identity::{Grant, Seed, SigningKeys, Subject, TokenIssuer};
use tempfile::TempDir;
use uuid::Uuid;

use crate::error::DeployError;

/// Longer than a test takes.
const LIFETIME: Duration = Duration::from_secs(3600);

/// The keys that every container of the test is given, and a token of theirs.
pub(super) struct Operator {
    pub(super) keys: TempDir,
    pub(super) token: String,
}

impl Operator {
    pub(super) fn new() -> Result<Self, DeployError> {
        let keys = tempfile::tempdir().map_err(DeployError::here)?;
        let seed = Seed::random().map_err(DeployError::here)?;
        let now = SystemTime::now().into();
        let signing = SigningKeys::open(keys.path(), 2 * LIFETIME, seed, now).map_err(DeployError::here)?;
        let issuer = TokenIssuer::new(signing, "urn:bank", "bank", LIFETIME).map_err(DeployError::here)?;
        let subject = Subject::operator("smoke").map_err(DeployError::here)?;
        let grant = Grant { subject, session: None, token_id: Uuid::now_v7() };
        let token = issuer.issue(&grant, now).map_err(DeployError::here)?;
        Ok(Self { keys, token: token.expose().to_owned() })
    }
}
