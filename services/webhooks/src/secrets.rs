//! What is sealed in the store, and in which context.

use sealing::{SealError, SealingKey};
use uuid::Uuid;

use crate::signature::SigningSecret;

/// A webhook's secret, for nobody without the key.
pub(crate) fn seal_secret(
    key: &SealingKey,
    webhook: Uuid,
    secret: &SigningSecret,
) -> Result<Vec<u8>, SealError> {
    key.seal(&context(b"secret", webhook), secret.as_bytes())
}

/// The secret of this webhook.
pub(crate) fn open_secret(
    key: &SealingKey,
    webhook: Uuid,
    sealed: &[u8],
) -> Result<SigningSecret, SealError> {
    key.open(&context(b"secret", webhook), sealed).map(SigningSecret::from_bytes)
}

/// The answer to a command, for nobody without the key.
pub(crate) fn seal_answer(key: &SealingKey, command: Uuid, answer: &[u8]) -> Result<Vec<u8>, SealError> {
    key.seal(&context(b"answer", command), answer)
}

/// What this command was answered.
pub(crate) fn open_answer(key: &SealingKey, command: Uuid, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    key.open(&context(b"answer", command), sealed)
}

fn context(what: &[u8], id: Uuid) -> Vec<u8> {
    [what, id.as_bytes().as_slice()].concat()
}
