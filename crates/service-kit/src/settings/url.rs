//! URLs that carry a password, shown without it.

use std::fmt;

use serde::Deserialize;

/// A URL in settings: shown and logged without its password.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(transparent)]
pub struct SecretUrl(String);

impl SecretUrl {
    /// The whole URL, for the driver that connects.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether nothing was set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for SecretUrl {
    fn from(url: String) -> Self {
        Self(url)
    }
}

impl From<&str> for SecretUrl {
    fn from(url: &str) -> Self {
        Self(url.to_owned())
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redact_url(&self.0))
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&redact_url(&self.0), f)
    }
}

/// The URL with `***` in place of every password: `postgres://user:pw@h/db` gives `postgres://user:***@h/db`.
/// A password with an unescaped `/` or `@`, which many people write, is hidden as a whole.
#[must_use]
pub fn redact_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (before_query, query) = match rest.find('?') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    format!("{scheme}://{}{}", redact_userinfo(before_query), redact_query(query))
}

fn redact_userinfo(rest: &str) -> String {
    let end = rest.find('/').unwrap_or(rest.len());
    let proper = rest[..end].rfind('@');
    // `user:p/w@host`: what follows the colon is no port, so the password goes on to the last `@`.
    let has_port = |colon: usize| rest[colon + 1..end].bytes().all(|byte| byte.is_ascii_digit());
    let colon = rest[..end].find(':');
    let at = proper.or_else(|| colon.filter(|colon| !has_port(*colon)).and_then(|_| rest.rfind('@')));
    match (colon, at) {
        (Some(colon), Some(at)) if colon < at => format!("{}:***{}", &rest[..colon], &rest[at..]),
        _ => rest.to_owned(),
    }
}

fn redact_query(query: &str) -> String {
    let hide = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if name.to_ascii_lowercase().contains("password") => format!("{name}=***"),
        _ => pair.to_owned(),
    };
    query.split('&').map(hide).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hides_passwords_only() {
        for (url, shown) in [
            ("postgres://user:pw@h/db", "postgres://user:***@h/db"),
            ("postgres://user:p@w:x@h:5432/db", "postgres://user:***@h:5432/db"),
            ("postgres://user:p/w@h/db", "postgres://user:***@h/db"),
            ("mongodb://u:p@a:1,b:2/db?ssl=true", "mongodb://u:***@a:1,b:2/db?ssl=true"),
            ("postgres://h/db?user=u&password=pw", "postgres://h/db?user=u&password=***"),
            ("postgres://h/db?password=a@b", "postgres://h/db?password=***"),
            ("postgres://user@h:5432/db", "postgres://user@h:5432/db"),
            ("http://h:80/a@b", "http://h:80/a@b"),
            ("sqlite://bank-data/accounts.db", "sqlite://bank-data/accounts.db"),
            ("embedded:", "embedded:"),
        ] {
            assert_eq!(redact_url(url), shown);
            assert_eq!(format!("{:?}", SecretUrl::from(url)), format!("{shown:?}"));
        }
    }
}
