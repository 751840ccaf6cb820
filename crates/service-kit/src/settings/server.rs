//! The settings that serving HTTP takes, the same for every service.

use serde::Deserialize;

use super::{ListenAddr, Span};
use crate::http::HttpOptions;
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
    /// How long requests may go on after a signal to stop.
    pub drain: Span,
    /// How long a request may take; more than the longest wait that a client may prefer.
    pub request_timeout: Span,
    /// The largest request body, in bytes.
    pub body_limit: usize,
    /// How many requests may be in work at once; more are refused at once.
    pub max_in_flight: usize,
}

impl ServerSettings {
    /// The part of them that a router needs.
    #[must_use]
    pub fn http_options(&self) -> HttpOptions {
        HttpOptions {
            body_limit: self.body_limit,
            request_timeout: self.request_timeout.get(),
            max_in_flight: self.max_in_flight,
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
            drain: Span::seconds(10),
            request_timeout: http.request_timeout.into(),
            body_limit: http.body_limit,
            max_in_flight: http.max_in_flight,
        }
    }
}
