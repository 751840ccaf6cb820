//! The settings of the webhooks service; `default.toml` explains each, and service-kit's `tokens.toml` those of `[tokens]`.

use std::num::{NonZeroU32, NonZeroUsize};

use serde::Deserialize;
use service_kit::SettingsError;
use service_kit::settings::{Secret, SecretUrl, Span, TokenSettings};

use crate::schedule::Schedule;

/// The commented defaults, under every other source of settings.
pub const DEFAULTS: &str = concat!(
    include_str!("default.toml"),
    "\n",
    include_str!("../../../crates/service-kit/src/settings/tokens.toml"),
);

/// The fewest characters of a sealing secret.
const SECRET_CHARS: usize = 32;

/// The settings of the webhooks service.
#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    /// Webhooks and deliveries.
    pub store: SecretUrl,
    /// The audit log.
    pub audit: SecretUrl,
    /// The bus.
    pub bus: SecretUrl,
    /// The consumer group that reads the events.
    pub subscription_id: String,
    /// What the key follows from under which signing secrets are sealed.
    pub sealing_secret: Secret,
    /// How webhooks are sent.
    pub deliveries: DeliverySettings,
    /// Who is believed.
    pub tokens: TokenSettings,
}

/// How webhooks are sent.
#[derive(Debug, Clone, Deserialize)]
pub struct DeliverySettings {
    /// Whether an address may begin with `http://`.
    pub allow_http: bool,
    /// Whether an address may be on this machine or in a private network.
    pub allow_private_addresses: bool,
    /// How long one attempt may take.
    pub timeout: Span,
    /// The pause after the first failed attempt.
    pub first_retry: Span,
    /// The longest pause.
    pub longest_retry: Span,
    /// How many attempts are made before a delivery has failed.
    pub attempts: NonZeroU32,
    /// A webhook to which nothing could be delivered for so long is disabled.
    pub disable_after: Span,
    /// How many webhooks are sent to at once.
    pub at_once: NonZeroUsize,
    /// How many deliveries are made at once to each.
    pub at_once_per_webhook: NonZeroU32,
    /// How often is looked for what is due.
    pub poll_interval: Span,
    /// How long a delivery is kept after the last that happened to it.
    pub keep: Span,
    /// How long an old secret signs beside the new one.
    pub old_secret_signs: Span,
    /// The most webhooks of one owner.
    pub most_webhooks: NonZeroU32,
}

impl Config {
    /// The secret, if it is one.
    pub(crate) fn sealing_secret(&self) -> Result<&[u8], SettingsError> {
        let secret = self.sealing_secret.expose();
        if secret.chars().count() >= SECRET_CHARS {
            return Ok(secret.as_bytes());
        }
        let reason = format!("must have at least {SECRET_CHARS} characters that nobody guesses");
        Err(SettingsError::invalid("sealing_secret", reason))
    }
}

impl DeliverySettings {
    pub(crate) fn schedule(&self) -> Schedule {
        Schedule {
            first: self.first_retry.get(),
            longest: self.longest_retry.get(),
            attempts: self.attempts.get(),
        }
    }

    /// What is waiting must not be pruned before its last attempt.
    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        if self.keep.get() > self.longest_retry.get() {
            return Ok(());
        }
        Err(SettingsError::invalid("keep", "must be more than `longest_retry`"))
    }
}
