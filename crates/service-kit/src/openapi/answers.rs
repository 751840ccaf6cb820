//! What an operation answers because of what it takes.

use std::collections::{BTreeMap, BTreeSet};

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::response::Response;
use utoipa::openapi::{Header, RefOr, Required};

use super::parameters::{IDEMPOTENCY_KEY, IF_MATCH, PREFER};
use super::{is_public, problems};

/// Codes of refusals, by status.
type Codes = BTreeMap<u16, BTreeSet<String>>;

pub(super) fn add_to(operation: &mut Operation) {
    let takes = Takes::of(operation);
    let mut codes = takes.codes();
    for (status, response) in std::mem::take(&mut operation.responses.responses) {
        match (status.parse::<u16>(), response) {
            (Ok(status @ 400..), RefOr::T(refusal)) => {
                codes.entry(status).or_default().extend(listed(&refusal));
            }
            (_, RefOr::T(mut success)) => {
                success.headers.extend(takes.headers());
                operation.responses.responses.insert(status, success.into());
            }
            (_, reference) => {
                operation.responses.responses.insert(status, reference);
            }
        }
    }
    let repeatable = takes.has_header(IDEMPOTENCY_KEY);
    for (status, codes) in codes {
        operation
            .responses
            .responses
            .insert(status.to_string(), problems::answer(status, &codes, repeatable));
    }
}

/// The codes that a handler lists as the description of a refusal.
fn listed(refusal: &Response) -> impl Iterator<Item = String> {
    refusal.description.split(',').map(|code| code.trim().to_owned())
}

/// What an operation takes.
struct Takes {
    token: bool,
    body: bool,
    /// Where each parameter is, what it is called, and whether it may be left out.
    parameters: Vec<(ParameterIn, String, bool)>,
}

impl Takes {
    fn of(operation: &Operation) -> Self {
        let parameter = |parameter: &RefOr<Parameter>| match parameter {
            RefOr::T(parameter) => {
                let optional = parameter.required != Required::True;
                Some((parameter.parameter_in.clone(), parameter.name.clone(), optional))
            }
            RefOr::Ref(_) => None,
        };
        Self {
            token: !is_public(operation),
            body: operation.request_body.is_some(),
            parameters: operation.parameters.iter().flatten().filter_map(parameter).collect(),
        }
    }

    fn has(&self, place: &ParameterIn) -> bool {
        self.parameters.iter().any(|(at, ..)| at == place)
    }

    fn has_query(&self, query: &str) -> bool {
        self.parameters.iter().any(|(at, name, _)| *at == ParameterIn::Query && name == query)
    }

    fn has_header(&self, header: &str) -> bool {
        self.parameters.iter().any(|(at, name, _)| *at == ParameterIn::Header && name == header)
    }

    fn requires_header(&self, header: &str) -> bool {
        self.parameters.iter().any(|(_, name, optional)| name == header && !optional)
    }

    /// The codes that service-kit answers before, around and after a handler.
    fn codes(&self) -> Codes {
        let keyed = self.has_header(IDEMPOTENCY_KEY);
        let conditions = [
            (self.token, 401, "unauthenticated"),
            (self.token, 503, "keys-unavailable"),
            (self.has(&ParameterIn::Path), 400, "invalid-path"),
            (self.has(&ParameterIn::Query), 400, "invalid-query"),
            (self.has_query("cursor"), 400, "invalid-cursor"),
            (keyed || self.has_header(IF_MATCH), 400, "invalid-header"),
            (self.requires_header(IDEMPOTENCY_KEY), 400, "idempotency-key-required"),
            (self.has_header(IF_MATCH), 412, "version-mismatch"),
            (keyed, 409, "idempotency-key-in-use"),
            (keyed && self.body, 422, "idempotency-key-reused"),
            (self.body, 400, "invalid-json"),
            (self.body, 408, "body-timeout"),
            (self.body, 413, "payload-too-large"),
            (self.body, 415, "unsupported-media-type"),
            (self.body, 422, "invalid-body"),
            // What stands at the edge counts, whatever service answers.
            (true, 429, "too-many-requests"),
            (true, 500, "internal"),
            (true, 503, "overloaded"),
            (true, 503, "request-timeout"),
            // What the gateway says in front of every service, when that one does not answer.
            (true, 502, "upstream-failed"),
            (true, 503, "upstream-unavailable"),
            (true, 504, "upstream-timeout"),
        ];
        let mut codes = Codes::new();
        for (_, status, code) in conditions.into_iter().filter(|(applies, ..)| *applies) {
            codes.entry(status).or_default().insert(code.to_owned());
        }
        codes
    }

    /// The headers of what succeeds.
    fn headers(&self) -> BTreeMap<String, RefOr<Header>> {
        let conditions = [
            (IF_MATCH, "ETag", "The version that this leaves: a strong tag for `If-Match`, such as `\"5\"`."),
            (IDEMPOTENCY_KEY, "Idempotent-Replayed", REPLAYED),
            (PREFER, "Preference-Applied", "The wait that was honoured, such as `wait=5`."),
        ];
        let asked = conditions.into_iter().filter(|(asked_by, ..)| self.has_header(asked_by));
        asked.map(|(_, name, about)| (name.to_owned(), header(about).into())).collect()
    }
}

/// Of successes and refusals alike.
pub(super) const REPLAYED: &str = "`true` when this is the answer to an earlier request with the same key.";

pub(super) fn header(about: &str) -> Header {
    HeaderBuilder::new().schema(Header::default().schema).description(Some(about)).build()
}
