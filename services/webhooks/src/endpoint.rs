//! Where a webhook is sent.

use std::fmt;

use http::Uri;
use http::uri::Authority;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The longest address, in bytes.
pub(crate) const MAX_URL: usize = 2048;

/// An `https://` or `http://` address without credentials.
///
/// Invariant: shown or logged, it is its origin alone, because what follows may be a secret of its owner.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Endpoint(String);

/// The text is no such address; it says what would be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0}")]
pub(crate) struct NoEndpoint(&'static str);

impl Endpoint {
    /// The whole address, for whoever sends there and for its owner.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether what is sent there can be read on the way.
    pub(crate) fn is_plain(&self) -> bool {
        self.0.starts_with("http://")
    }

    pub(crate) fn uri(&self) -> Uri {
        // It was one when it was checked.
        self.0.parse().unwrap_or_default()
    }
}

impl TryFrom<String> for Endpoint {
    type Error = NoEndpoint;

    fn try_from(text: String) -> Result<Self, NoEndpoint> {
        if text.len() > MAX_URL {
            return Err(NoEndpoint("an address has at most 2048 characters"));
        }
        let uri: Uri = text.parse().map_err(|_| NoEndpoint(RIGHT))?;
        let has_scheme = text.starts_with("https://") || text.starts_with("http://");
        let host = uri.host().filter(|host| !host.is_empty());
        let (Some(authority), Some(_), true) = (uri.authority(), host, has_scheme) else {
            return Err(NoEndpoint(RIGHT));
        };
        if authority.as_str().contains('@') {
            return Err(NoEndpoint("an address has no user and no password: what is sent is signed"));
        }
        if text.contains('#') {
            return Err(NoEndpoint("an address has no fragment"));
        }
        if has_wrong_port(authority) {
            return Err(NoEndpoint(RIGHT));
        }
        Ok(Self(text))
    }
}

const RIGHT: &str = "write an address such as https://example.org/hooks, in ASCII";

/// Colons within brackets are part of an address of IPv6.
fn has_wrong_port(authority: &Authority) -> bool {
    let behind_brackets = authority.as_str().rsplit(']').next().unwrap_or_default();
    behind_brackets.contains(':') && authority.port_u16().is_none_or(|port| port == 0)
}

impl From<Endpoint> for String {
    fn from(endpoint: Endpoint) -> Self {
        endpoint.0
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uri = self.uri();
        let (scheme, authority) = (uri.scheme_str(), uri.authority());
        write!(f, "{}://{}", scheme.unwrap_or_default(), authority.map_or("", |authority| authority.as_str()))
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(text: &str) -> Result<Endpoint, NoEndpoint> {
        text.to_owned().try_into()
    }

    #[test]
    fn an_address_is_one_that_can_be_sent_to() {
        for right in [
            "https://example.org",
            "https://example.org:8443/a/b?c=d",
            "http://[::1]:80/",
            "https://[2606:4700::1111]/",
            "https://10.0.0.1/",
        ] {
            assert_eq!(endpoint(right).unwrap().as_str(), right);
        }
        for wrong in [
            "",
            "example.org",
            "/hooks",
            "ftp://example.org",
            "HTTPS//example.org",
            "https://",
            "https:///hooks",
            "https://user@example.org/",
            "https://user:password@example.org/",
            "https://example.org/#part",
            "https://example.org:0/",
            "https://example.org:/",
            "https://example.org:99999/",
            "https://exa mple.org/",
            "https://éxample.org/",
            "https://example.org/\n",
        ] {
            assert!(endpoint(wrong).is_err(), "{wrong}");
        }
        assert!(endpoint(&format!("https://example.org/{}", "a".repeat(MAX_URL))).is_err());
    }

    #[test]
    fn what_follows_the_origin_is_not_shown() {
        let endpoint = endpoint("https://example.org:8443/hooks/T0KEN?key=secret").unwrap();
        assert_eq!(format!("{endpoint} {endpoint:?}"), "https://example.org:8443 https://example.org:8443");
    }
}
