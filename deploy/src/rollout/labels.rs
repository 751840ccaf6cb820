//! What a deployment notes on its containers, which is all that it notes.

/// The environment; on everything of it but the lock.
pub(super) const ENVIRONMENT: &str = "bank.environment";
/// The service.
pub(super) const SERVICE: &str = "bank.service";
/// `instance`, `proxy` or `lock`.
pub(super) const ROLE: &str = "bank.role";
/// The version of the image.
pub(super) const VERSION: &str = "bank.version";
/// The image as it was pulled, by digest.
pub(super) const IMAGE: &str = "bank.image";
/// The run that made it: when that began, so that later ones are greater.
pub(super) const RUN: &str = "bank.run";
/// The address of the proxy that the edge was told to believe.
pub(super) const BELIEVES: &str = "bank.believes";
/// The digest of how it was set up.
pub(super) const SPEC: &str = "bank.spec";
/// Where, by whom and since when a lock is held.
pub(super) const HOST: &str = "bank.host";
pub(super) const PID: &str = "bank.pid";
pub(super) const SINCE: &str = "bank.since";
