//! Writing and reading headers as typed values.

use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};

use super::EnvelopeError;
use crate::message::Message;

/// Headers in the order written.
#[derive(Default)]
pub(super) struct Attributes(pub(super) Vec<(String, String)>);

impl Attributes {
    pub(super) fn put(&mut self, name: &str, value: impl ToString) {
        self.0.push((name.to_owned(), value.to_string()));
    }

    pub(super) fn put_some(&mut self, name: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    /// RFC 3339 in UTC with the microseconds that every store keeps.
    pub(super) fn put_time(&mut self, name: &str, time: DateTime<Utc>) {
        self.put(name, time.to_rfc3339_opts(SecondsFormat::Micros, true));
    }
}

pub(super) fn required<T: FromStr>(message: &Message, name: &'static str) -> Result<T, EnvelopeError> {
    optional(message, name)?.ok_or(EnvelopeError::Missing(name))
}

pub(super) fn optional<T: FromStr>(
    message: &Message,
    name: &'static str,
) -> Result<Option<T>, EnvelopeError> {
    let Some(value) = message.header(name) else {
        return Ok(None);
    };
    let invalid = |_| EnvelopeError::Invalid { name, value: value.to_owned() };
    value.parse().map(Some).map_err(invalid)
}
