//! Moments in query parameters: `at`, which is a version or a time, and the ends of a period.

use chrono::{DateTime, SubsecRound, Utc};
use serde::Deserialize;
use utoipa::openapi::schema::{AnyOfBuilder, Schema, SchemaType};
use utoipa::openapi::{KnownFormat, ObjectBuilder, SchemaFormat, Type};

use super::freshness::VersionParameter;
use crate::store::At;

/// A version or a time.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct AtParameter(pub(super) At);

/// A time, in whole microseconds like those of events.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct TimeParameter(pub(super) DateTime<Utc>);

impl TryFrom<String> for AtParameter {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let explain = "`at` is a version, such as 7, or a time, such as 2026-01-31T12:00:00Z";
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let number: u64 = text.parse().map_err(|_| explain)?;
            let VersionParameter(version) = number.try_into()?;
            return Ok(Self(At::Version(version)));
        }
        Ok(Self(At::Time(time(&text).ok_or(explain)?)))
    }
}

impl TryFrom<String> for TimeParameter {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        time(&text).map(Self).ok_or("a time of a period is one such as 2026-01-31T12:00:00Z")
    }
}

fn time(text: &str) -> Option<DateTime<Utc>> {
    Some(DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc).trunc_subsecs(6))
}

pub(super) fn at_schema() -> Schema {
    let text = || ObjectBuilder::new().schema_type(SchemaType::Type(Type::String));
    let time = SchemaFormat::KnownFormat(KnownFormat::DateTime);
    let version = text().pattern(Some("^[0-9]{1,18}$"));
    let about = "Which past to read: a version, such as 7, or a time, such as 2026-01-31T12:00:00Z.";
    Schema::AnyOf(
        AnyOfBuilder::new().description(Some(about)).item(version).item(text().format(Some(time))).build(),
    )
}
