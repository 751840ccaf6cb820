//! Keys that another process publishes, kept here and fetched again when that may help.
//!
//! Invariant: whatever tokens come, there is at most one fetch at a time and one an interval; and keys that were
//! fetched once stay until others replace them.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use http::Uri;
use serde::Deserialize;
use thiserror::Error;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::error::{SourceError, TokenError};
use crate::fetch::{FetchError, Fetcher};
use crate::jwks::{self, KeySet, PublicKey};

/// How often keys are fetched, and how long that may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetching {
    /// The least time between two fetches, however many tokens with unknown key ids come.
    pub refetch_interval: Duration,
    /// Keys older than this are fetched again beside the requests, so that a withdrawn key goes.
    pub refresh_after: Duration,
    /// How long one document may take; there are two from an OpenID Connect issuer.
    pub timeout: Duration,
}

impl Default for Fetching {
    fn default() -> Self {
        Self {
            refetch_interval: Duration::from_secs(10),
            refresh_after: Duration::from_secs(5 * 60),
            timeout: Duration::from_secs(3),
        }
    }
}

/// While there is no key at all, every request fails, and waiting a whole interval would only prolong that.
const FIRST_KEYS_INTERVAL: Duration = Duration::from_secs(1);

/// Where keys are published.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    Jwks(Uri),
    OpenId { issuer: String, configuration: Uri },
}

impl Origin {
    pub(crate) fn jwks(url: &str) -> Result<Self, SourceError> {
        address(url).map(Self::Jwks)
    }

    /// OpenID Connect Discovery, 4: the well-known path comes after the issuer's own.
    pub(crate) fn openid(issuer: &str) -> Result<Self, SourceError> {
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let configuration = address(&url).map_err(|error| match error {
            SourceError::Address(_) => SourceError::Address(issuer.to_owned()),
            other => other,
        })?;
        Ok(Self::OpenId { issuer: issuer.to_owned(), configuration })
    }
}

fn address(url: &str) -> Result<Uri, SourceError> {
    let uri = url.parse::<Uri>().ok().filter(|uri| {
        // A user name would be a password in the settings, and neither is sent.
        let plain = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        plain && matches!(uri.scheme_str(), Some("http" | "https"))
    });
    let uri = uri.ok_or_else(|| SourceError::Address(without_user(url)))?;
    if uri.scheme_str() == Some("https") && !cfg!(feature = "https") {
        return Err(SourceError::NoTls(url.to_owned()));
    }
    Ok(uri)
}

/// What is shown of an address that is refused.
fn without_user(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(start), Some(at)) if start < at => format!("{}***{}", &url[..start + 3], &url[at..]),
        _ => url.to_owned(),
    }
}

pub(crate) struct RemoteKeys {
    origin: Origin,
    fetcher: Fetcher,
    fetching: Fetching,
    held: RwLock<Option<Held>>,
    /// Held during a fetch; it says when the last one started.
    flight: Arc<Mutex<Option<DateTime<Utc>>>>,
}

struct Held {
    keys: KeySet,
    fetched_at: DateTime<Utc>,
}

type Flight = OwnedMutexGuard<Option<DateTime<Utc>>>;

impl RemoteKeys {
    pub(crate) fn new(origin: Origin, fetching: Fetching) -> Result<Self, SourceError> {
        let fetcher = Fetcher::new(fetching.timeout)?;
        Ok(Self { origin, fetcher, fetching, held: RwLock::new(None), flight: Arc::default() })
    }

    /// The key with this id, fetched if that is allowed now.
    pub(crate) async fn find(
        self: &Arc<Self>,
        id: &str,
        now: DateTime<Utc>,
    ) -> Result<PublicKey, TokenError> {
        if let Ok(key) = self.look_up(id) {
            self.refresh_beside(now);
            return Ok(key);
        }
        self.refetch(now).await;
        self.look_up(id)
    }

    /// Makes sure that there is a key.
    pub(crate) async fn prepare(self: &Arc<Self>, now: DateTime<Utc>) -> Result<(), TokenError> {
        if self.age(now).is_none() {
            self.refetch(now).await;
        }
        self.age(now).map(|_| ()).ok_or(TokenError::KeysUnavailable)
    }

    fn look_up(&self, id: &str) -> Result<PublicKey, TokenError> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let held = held.as_ref().ok_or(TokenError::KeysUnavailable)?;
        held.keys.get(id).copied().ok_or(TokenError::UnknownKey)
    }

    /// How old the keys are; `None` when there are none.
    fn age(&self, now: DateTime<Utc>) -> Option<Duration> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().map(|held| distance(held.fetched_at, now))
    }

    /// Fetches unless that was done a moment ago. Those who come meanwhile wait for the one fetch.
    async fn refetch(self: &Arc<Self>, now: DateTime<Utc>) {
        let flight = Arc::clone(&self.flight).lock_owned().await;
        if !self.may_fetch(&flight, now) {
            return;
        }
        // In a task of its own: a caller who hangs up must not end the fetch that others wait for, and the attempt counts.
        if let Err(error) = tokio::spawn(Arc::clone(self).fetch(flight, now)).await {
            tracing::error!(%error, "fetching the token keys ended early");
        }
    }

    /// Fetches keys that have become old, while those are still used.
    fn refresh_beside(self: &Arc<Self>, now: DateTime<Utc>) {
        if self.age(now).is_none_or(|age| age < self.fetching.refresh_after) {
            return;
        }
        let Ok(flight) = Arc::clone(&self.flight).try_lock_owned() else { return };
        if self.may_fetch(&flight, now) {
            tokio::spawn(Arc::clone(self).fetch(flight, now));
        }
    }

    fn may_fetch(&self, flight: &Flight, now: DateTime<Utc>) -> bool {
        let interval = match self.age(now) {
            Some(_) => self.fetching.refetch_interval,
            None => self.fetching.refetch_interval.min(FIRST_KEYS_INTERVAL),
        };
        // A clock that was set back by more than the interval must not stop fetching until it has caught up.
        flight.is_none_or(|last| distance(last, now) >= interval)
    }

    async fn fetch(self: Arc<Self>, mut flight: Flight, now: DateTime<Utc>) {
        *flight = Some(now);
        match self.download().await {
            Ok(keys) => {
                tracing::debug!(keys = keys.len(), "fetched the token keys");
                let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
                *held = Some(Held { keys, fetched_at: now });
            }
            Err(error) => {
                tracing::warn!(%error, "the token keys could not be fetched; those known before stay")
            }
        }
    }

    async fn download(&self) -> Result<KeySet, DownloadError> {
        let uri = match &self.origin {
            Origin::Jwks(uri) => uri.clone(),
            Origin::OpenId { issuer, configuration } => {
                let document = self.fetcher.get(configuration.clone()).await;
                let document = document.map_err(DownloadError::Configuration)?;
                keys_address(&document, issuer, configuration)?
            }
        };
        let document = self.fetcher.get(uri).await.map_err(DownloadError::Keys)?;
        jwks::read(&document).ok_or(DownloadError::NoKeys)
    }
}

#[derive(Deserialize)]
struct Configuration {
    issuer: String,
    jwks_uri: String,
}

/// Where the issuer says that its keys are.
fn keys_address(document: &[u8], issuer: &str, configuration: &Uri) -> Result<Uri, DownloadError> {
    let read: Configuration = serde_json::from_slice(document).map_err(|_| DownloadError::NoConfiguration)?;
    // Discovery, 4.3: to the letter, or one issuer could speak for another.
    if read.issuer != issuer {
        return Err(DownloadError::OtherIssuer);
    }
    let uri = address(&read.jwks_uri).map_err(|_| DownloadError::KeysAddress)?;
    let downgraded = configuration.scheme_str() == Some("https") && uri.scheme_str() != Some("https");
    if downgraded { Err(DownloadError::KeysAddress) } else { Ok(uri) }
}

#[derive(Debug, Error)]
enum DownloadError {
    #[error("the issuer's configuration: {0}")]
    Configuration(FetchError),
    #[error("the issuer's configuration is not one")]
    NoConfiguration,
    #[error("the issuer's configuration names another issuer")]
    OtherIssuer,
    #[error("the issuer's configuration names an address of keys that is not fetched from")]
    KeysAddress,
    #[error("the key set: {0}")]
    Keys(FetchError),
    #[error("the key set has no key for EdDSA or ES256 signatures")]
    NoKeys,
}

fn distance(a: DateTime<Utc>, b: DateTime<Utc>) -> Duration {
    let between: TimeDelta = b.signed_duration_since(a);
    between.abs().to_std().unwrap_or(Duration::MAX)
}
