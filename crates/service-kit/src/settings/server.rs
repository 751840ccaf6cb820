//! The settings that serving HTTP takes, the same for every service.

use axum::http::HeaderValue;
use serde::{Deserialize, Deserializer};

use super::{Collector, ListenAddr, SampleRatio, Span};
use crate::http::{HttpOptions, RateSettings};
use crate::telemetry::LogFormat;

/// How a service serves. A key that a service's defaults file leaves out cannot be set and has the value here.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct ServerSettings {
    /// Where to listen.
    pub listen: ListenAddr,
    /// What to log.
    pub log: String,
    /// How to log.
    pub log_format: LogFormat,
    /// Where spans are sent.
    pub traces: Collector,
    /// How many of the traces that begin here are sent.
    pub traces_sample: SampleRatio,
    /// How long requests may go on after a signal to stop.
    pub drain: Span,
    /// How long a request may take; more than the longest wait that a client may prefer.
    pub request_timeout: Span,
    /// The largest request body, in bytes.
    pub body_limit: usize,
    /// How many requests may be in work at once; more are refused at once.
    pub max_in_flight: usize,
    /// How many connections may be open at once; more wait to be accepted.
    pub max_connections: usize,
    /// How often one caller may ask.
    pub rate_limit: Option<RateSettings>,
    /// Pages of which origins a browser may let call.
    #[serde(deserialize_with = "origins")]
    pub cors_origins: Vec<HeaderValue>,
}

/// What a browser sends as `Origin`: scheme and host, and the port when it is an unusual one.
fn origins<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<HeaderValue>, D::Error> {
    let origins = Vec::<String>::deserialize(deserializer)?;
    let parse = |origin: String| {
        let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        let is_one = rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(['/', '*', ' ', '?', '#']));
        let value = HeaderValue::try_from(&origin).ok().filter(|_| is_one);
        value.ok_or_else(|| {
            serde::de::Error::custom(format!("{origin:?} is no origin such as https://bank.example"))
        })
    };
    origins.into_iter().map(parse).collect()
}

impl ServerSettings {
    /// The part of them that a router needs.
    #[must_use]
    pub fn http_options(&self) -> HttpOptions {
        HttpOptions {
            body_limit: self.body_limit,
            request_timeout: self.request_timeout.get(),
            max_in_flight: self.max_in_flight,
            rate_limit: self.rate_limit.clone(),
            cors_origins: self.cors_origins.clone(),
        }
    }
}

impl Default for ServerSettings {
    fn default() -> Self {
        let http = HttpOptions::default();
        Self {
            listen: ListenAddr::loopback(0),
            log: "info".to_owned(),
            log_format: LogFormat::Pretty,
            traces: Collector::default(),
            traces_sample: SampleRatio::default(),
            drain: Span::seconds(10),
            request_timeout: http.request_timeout.into(),
            body_limit: http.body_limit,
            max_in_flight: http.max_in_flight,
            max_connections: 4096,
            rate_limit: None,
            cors_origins: Vec::new(),
        }
    }
}
