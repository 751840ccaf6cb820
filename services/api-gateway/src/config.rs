//! The settings of the gateway; `default.toml` explains each, and service-kit's `tokens.toml` those of `[tokens]`.

use std::fmt;

use reqwest::Url;
use serde::Deserialize;
use service_kit::{SecretUrl, Span, TokenSettings};

/// The commented defaults, under every other source of settings.
pub const DEFAULTS: &str = concat!(
    include_str!("default.toml"),
    "\n",
    include_str!("../../../crates/service-kit/src/settings/tokens.toml"),
);

/// The gateway's own settings. How it listens and logs is [`service_kit::ServerSettings`].
#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    /// The command side of accounts.
    pub accounts_url: BaseUrl,
    /// The command side of transfers.
    pub transfers_url: BaseUrl,
    /// The views.
    pub account_history_url: BaseUrl,
    /// Customers and their sessions.
    pub customers_url: BaseUrl,
    /// The audit log.
    pub audit: SecretUrl,
    /// Webhooks and what they are sent.
    pub webhooks_url: BaseUrl,
    /// How long connecting to a service may take.
    pub connect_timeout: Span,
    /// How long a service may take to answer, besides a client's own wait.
    pub upstream_timeout: Span,
    /// How long a request may take in all.
    pub request_timeout: Span,
    /// The longest request body, in bytes.
    pub body_limit: usize,
    /// Who is believed.
    pub tokens: TokenSettings,
}

/// Where a service is: `http://host:port`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// The URL of a route. `None` when the path would become another one on the way, such as `/v1/a/../b`.
    #[must_use]
    pub fn route(&self, path: &str, query: Option<&str>) -> Option<Url> {
        let mut url = self.0.clone();
        url.set_path(path);
        url.set_query(query);
        (url.path() == path).then_some(url)
    }

    /// `http://host:port`, which a `Location` of this service may start with.
    #[must_use]
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }
}

impl TryFrom<String> for BaseUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let url = Url::parse(&text).ok();
        let is_base = |url: &Url| {
            url.scheme() == "http"
                && url.has_host()
                && url.path() == "/"
                && url.query().is_none()
                && url.username().is_empty()
        };
        let url = url.filter(is_base);
        url.map(Self).ok_or_else(|| {
            format!("`{text}` is no address of a service; write http://HOST:PORT, without a path")
        })
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_address_is_a_base() {
        for wrong in
            ["", "accounts:8081", "https://h:1", "http://h:1/v1", "http://u:p@h:1", "http://h:1/?a", "h"]
        {
            assert!(BaseUrl::try_from(wrong.to_owned()).unwrap_err().contains("http://HOST:PORT"), "{wrong}");
        }
        assert_eq!(BaseUrl::try_from("http://h:81".to_owned()).unwrap().to_string(), "http://h:81");
    }

    #[test]
    fn a_path_stays_as_it_is_or_is_refused() {
        let base = BaseUrl::try_from("http://h:81".to_owned()).unwrap();
        let url = base.route("/v1/accounts/%C3%A9", Some("a=%20b")).unwrap();
        assert_eq!(url.as_str(), "http://h:81/v1/accounts/%C3%A9?a=%20b");
        for moved in
            ["/v1/accounts/..", "/v1/accounts/%2e%2e/close", "/v1/accounts/./close", "/v1/accounts/a\\b"]
        {
            assert_eq!(base.route(moved, None), None, "{moved}");
        }
    }
}
