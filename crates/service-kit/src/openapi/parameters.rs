//! The headers that extractors read, as parameters of a document: a handler names the extractors that it has.

use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{ObjectBuilder, Required, Type};

#[cfg(feature = "commands")]
use crate::command::{AnonymousRequest, CommandRequest};
use crate::http::{IdempotencyKey, IfMatch, Prefer};

pub(super) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
pub(super) const IF_MATCH: &str = "If-Match";
pub(super) const PREFER: &str = "Prefer";

impl IntoParams for IdempotencyKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![key(Required::True)]
    }
}

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let about =
            "Only at this version, as an `ETag` named it, or `*` for any; another one is `version-mismatch`.";
        let tag = text().pattern(Some(r#"^(\*|"[0-9]{1,18}")$"#)).examples(["\"5\""]);
        vec![header(IF_MATCH, about, tag, Required::False)]
    }
}

impl IntoParams for Prefer {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let seconds = Self::MAX_WAIT.as_secs();
        let about = format!(
            "`wait=S`: wait up to so many seconds, at most {seconds}, for the final answer (RFC 7240). Anything else is \
             ignored."
        );
        vec![header(PREFER, &about, text().examples(["wait=5"]), Required::False)]
    }
}

#[cfg(feature = "commands")]
impl IntoParams for CommandRequest {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        [vec![key(Required::False)], IfMatch::into_params(place)].concat()
    }
}

#[cfg(feature = "commands")]
impl IntoParams for AnonymousRequest {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![key(Required::False)]
    }
}

fn key(required: Required) -> Parameter {
    let about = "The same key again is the same request: it has one effect and one answer.";
    let key = text().min_length(Some(1)).max_length(Some(255)).pattern(Some("^[!-~]+$"));
    header(IDEMPOTENCY_KEY, about, key.examples(["8e03978e-40d5-43e8-bc93-6894a57f9324"]), required)
}

fn header(name: &str, about: &str, schema: ObjectBuilder, required: Required) -> Parameter {
    let header =
        ParameterBuilder::new().name(name).parameter_in(ParameterIn::Header).description(Some(about));
    header.schema(Some(schema)).required(required).build()
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::String))
}
