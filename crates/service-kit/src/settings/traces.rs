//! Where spans are sent, and how many of them.

use axum::http::Uri;
use serde::Deserialize;

/// The path of a collector's receiver of spans (OTLP/HTTP).
const SPANS: &str = "/v1/traces";

/// The address of a collector of spans, or none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "String")]
pub struct Collector(Option<String>);

impl Collector {
    /// Where spans are posted to: the address with the path that OTLP prescribes.
    #[must_use]
    pub fn endpoint(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl TryFrom<String> for Collector {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self(None));
        }
        if text.starts_with("https://") {
            return Err(
                "https:// is not supported: name a collector beside the service by an http:// address, which may \
                        pass spans on over TLS"
                    .to_owned(),
            );
        }
        let uri: Uri = text.parse().map_err(|_| explain(text))?;
        let host = uri.authority().filter(|host| !host.as_str().contains('@') && !host.host().is_empty());
        let is_plain = uri.scheme_str() == Some("http") && host.is_some() && uri.query().is_none();
        if !is_plain || text.contains('#') {
            return Err(explain(text));
        }
        let base = text.trim_end_matches('/');
        let base = base.strip_suffix(SPANS).unwrap_or(base);
        Ok(Self(Some(format!("{base}{SPANS}"))))
    }
}

/// The text may hold a password, so that it is not repeated where it has a user in it.
fn explain(text: &str) -> String {
    let shown = if text.contains('@') { "an address with a user" } else { text };
    format!("`{shown}` is no address of a collector; write http://HOST:PORT, such as http://127.0.0.1:4318")
}

/// A share of all traces, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
pub struct SampleRatio(f64);

impl SampleRatio {
    /// From 0 to 1.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

impl Default for SampleRatio {
    fn default() -> Self {
        Self(1.0)
    }
}

impl TryFrom<f64> for SampleRatio {
    type Error = String;

    fn try_from(ratio: f64) -> Result<Self, String> {
        if (0.0..=1.0).contains(&ratio) {
            return Ok(Self(ratio));
        }
        Err(format!("{ratio} is no share; write a number from 0.0 (no trace) to 1.0 (every trace)"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Collector, String> {
        text.to_owned().try_into()
    }

    #[test]
    fn an_address_is_completed() {
        for text in ["http://h:4318", "http://h:4318/", "http://h:4318/v1/traces", " http://h:4318 "] {
            assert_eq!(read(text).unwrap().endpoint(), Some("http://h:4318/v1/traces"), "{text}");
        }
        assert_eq!(read("http://h/otlp").unwrap().endpoint(), Some("http://h/otlp/v1/traces"));
        assert_eq!(read("").unwrap().endpoint(), None);
    }

    #[test]
    fn what_is_no_address_is_explained() {
        for text in
            ["h:4318", "http://", "ftp://h", "http://h?a=b", "http://h#a", "on", "http://u:secret@h:1"]
        {
            let error = read(text).unwrap_err();
            assert!(error.contains("http://127.0.0.1:4318"), "{text}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
        assert!(read("https://h:4318").unwrap_err().contains("https:// is not supported"));
    }

    #[test]
    fn a_share_is_between_nothing_and_everything() {
        for ratio in [0.0, 0.25, 1.0] {
            assert!(SampleRatio::try_from(ratio).is_ok());
        }
        for ratio in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(SampleRatio::try_from(ratio).unwrap_err().contains("from 0.0"), "{ratio}");
        }
    }
}
