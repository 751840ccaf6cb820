//! HTTP as every service speaks it: problems, checked input, versions, paging, and the layers around a router.
//!
//! Invariant: whatever a client sends, a refusal is an RFC 9457 problem with a stable `code`.

mod audited;
mod between_services;
mod conditional;
mod context;
mod finish;
mod guard;
mod idempotency;
mod in_flight;
mod json;
mod jwks;
mod location;
mod observe;
mod paging;
mod parts;
mod prefer;
mod probes;
mod problem;
mod rate;
mod security;
mod serve;
pub mod spans;

pub use audited::{ActedAs, DecidedElsewhere};
pub use between_services::{UNUSED_CONNECTION, between_services};
pub use conditional::{IfMatch, etag, with_version};
pub use context::{CORRELATION_ID, REQUEST_ID, RequestContext};
pub use finish::{HttpOptions, finish};
pub(crate) use guard::bearer_token;
pub use guard::{Guard, OperatorCaller, SignedIn};
pub use idempotency::{IdempotencyKey, command_id, request_hash};
pub(crate) use in_flight::{Answering, InFlight};
pub use json::{ValidJson, canonical_hash, read_body};
pub use jwks::{JWKS_PATH, jwks_route};
pub use location::location;
pub use paging::{Cursor, CursorKey, Limit, Page};
pub use parts::{ValidPath, ValidQuery};
pub use prefer::Prefer;
pub use problem::{PROBLEM_JSON, Problem};
pub use rate::{Budget, RateLimiter, RateSettings};
pub use serve::serve;
