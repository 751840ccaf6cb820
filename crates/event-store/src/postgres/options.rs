//! How to connect: what the URL says, and the size of the pool.

use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};

use crate::error::StoreError;

/// A connection that was idle for longer is tested before it is used. One that was just used is not: a test is
/// a round trip.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// What the URL does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresOptions {
    /// Connections for commands and queries; the notices have up to two more.
    pub pool_size: u32,
    /// How long a call waits for a connection before it is [`StoreError::Unavailable`].
    pub acquire_timeout: Duration,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self { pool_size: 10, acquire_timeout: Duration::from_secs(20) }
    }
}

impl PostgresOptions {
    pub(super) fn pool(&self) -> PgPoolOptions {
        PgPoolOptions::new()
            .max_connections(self.pool_size)
            .acquire_timeout(self.acquire_timeout)
            .test_before_acquire(false)
            .before_acquire(|connection, about| {
                Box::pin(async move { Ok(about.idle_for < TRUSTED_IDLE || connection.ping().await.is_ok()) })
            })
    }
}

/// The database that `url` names, with TLS as it says and not as the driver guesses: left alone, the driver
/// falls back to plain text silently.
pub(super) fn target(url: &str) -> Result<PgConnectOptions, StoreError> {
    // The URL holds a password, so that no error may quote it.
    let options: PgConnectOptions =
        url.parse().map_err(|failure| StoreError::Config(format!("its URL is wrong: {failure}")))?;
    // Every statement here is meant for one plan, by index, whatever its arrays hold and whatever the statistics of a
    // young or lopsided table say; planning it anew costs more than running it.
    let options = options.options([("plan_cache_mode", "force_generic_plan"), ("enable_seqscan", "off")]);
    if !names_ssl_mode(url) {
        return Ok(options.ssl_mode(PgSslMode::Disable));
    }
    match options.get_ssl_mode() {
        PgSslMode::Allow | PgSslMode::Prefer => Err(StoreError::Config(
            "sslmode must be disable, require, verify-ca or verify-full: the others fall back to plain text"
                .to_owned(),
        )),
        _ => Ok(options),
    }
}

fn names_ssl_mode(url: &str) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    query.split('&').any(|pair| pair.starts_with("sslmode=") || pair.starts_with("ssl-mode="))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ssl_mode(query: &str) -> Result<PgSslMode, StoreError> {
        target(&format!("postgres://bank:secret@localhost/bank{query}")).map(|options| options.get_ssl_mode())
    }

    #[test]
    fn tls_is_what_the_url_says() {
        assert!(matches!(ssl_mode(""), Ok(PgSslMode::Disable)));
        assert!(matches!(ssl_mode("?sslmode=require"), Ok(PgSslMode::Require)));
        assert!(matches!(ssl_mode("?application_name=x&ssl-mode=verify-full"), Ok(PgSslMode::VerifyFull)));
    }

    #[test]
    fn a_mode_that_falls_back_is_refused() {
        assert!(matches!(ssl_mode("?sslmode=prefer"), Err(StoreError::Config(_))));
        assert!(matches!(ssl_mode("?sslmode=allow"), Err(StoreError::Config(_))));
    }

    #[test]
    fn an_error_does_not_quote_the_password() {
        let Err(error) = target("postgres://bank:secret@localhost:notaport/bank") else {
            panic!("accepted a wrong port")
        };
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
