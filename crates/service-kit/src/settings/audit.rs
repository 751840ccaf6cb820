//! The setting `audit`: where decisions are kept.

use audit::AuditLog;
use futures::future::BoxFuture;

use super::SecretUrl;

/// Opens the audit log that the setting `audit` names.
///
/// # Errors
/// When the URL is wrong or the database cannot be opened; the message names the setting.
pub fn open_audit(url: &SecretUrl) -> BoxFuture<'_, anyhow::Result<AuditLog>> {
    // Boxed: the body of an `async fn`, here a driver's way to connect, is compiled again in each crate that awaits it.
    Box::pin(async move {
        let opened = AuditLog::open(url.expose()).await;
        opened.map_err(|error| anyhow::anyhow!("setting `audit` ({url}): {error}"))
    })
}
