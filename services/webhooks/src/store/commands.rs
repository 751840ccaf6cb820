//! Commands under an `Idempotency-Key`: noted in the transaction that has their effect, with their answer.

use sqlx::{Any, Transaction};
use uuid::Uuid;

use super::StoreError;
use crate::owner::Owner;

/// A command that may come again.
#[derive(Debug, Clone)]
pub(crate) struct Keyed {
    pub(crate) id: Uuid,
    pub(crate) owner: Owner,
    pub(crate) request_hash: [u8; 32],
    /// Sealed by whoever asks, because a secret may be in it.
    pub(crate) answer: Vec<u8>,
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It has had its effect.
    Done,
    /// It had its effect before, and this was answered.
    Replayed(Vec<u8>),
    /// Its key was used for something else.
    KeyReused,
    /// There is no such webhook of this owner.
    NoWebhook,
    /// There is no such delivery of this webhook.
    NoDelivery,
    /// Nothing is sent to this webhook.
    Disabled,
    /// It is at this version, and another one was asked for.
    OtherVersion(i64),
    /// The owner has as many webhooks as they may have.
    TooMany,
    /// The owner was erased.
    NoOwner,
}

/// Notes the command, unless it had its effect before. Another request with the same one waits for this transaction.
pub(super) async fn note(
    transaction: &mut Transaction<'static, Any>,
    command: Option<&Keyed>,
) -> Result<Option<Effect>, StoreError> {
    let Some(command) = command else { return Ok(None) };
    let noted = sqlx::query(include_str!("../../sql/insert_command.sql"))
        .bind(command.id.to_string())
        .bind(command.owner.to_string())
        .bind(command.request_hash.to_vec())
        .bind(command.answer.clone())
        .execute(&mut **transaction)
        .await?;
    if noted.rows_affected() == 1 {
        return Ok(None);
    }
    let (hash, answer): (Vec<u8>, Vec<u8>) = sqlx::query_as(include_str!("../../sql/command.sql"))
        .bind(command.id.to_string())
        .fetch_one(&mut **transaction)
        .await?;
    Ok(Some(if hash == command.request_hash { Effect::Replayed(answer) } else { Effect::KeyReused }))
}
