//! The OpenAPI document of a service, made from its handlers.
//!
//! A handler says what is its own: the path, the body, what it answers, and the codes of the refusals that only it has.
//! What follows from what it takes (a token, a body, an `Idempotency-Key`) is added by [`complete`], once for all, so
//! that no handler repeats it and none forgets it:
//!
//! ```
//! # use service_kit::http::{IdempotencyKey, IfMatch};
//! # use service_kit::openapi::complete;
//! /// Pay money in
//! #[utoipa::path(
//!     post,
//!     path = "/v1/accounts/{id}/deposits",
//!     params(("id" = uuid::Uuid, Path, description = "The account"), IdempotencyKey, IfMatch),
//!     responses(
//!         (status = 200, description = "Paid in"),
//!         (status = 409, description = "account-closed, account-frozen"),
//!     ),
//! )]
//! async fn deposit() {}
//!
//! #[derive(utoipa::OpenApi)]
//! #[openapi(paths(deposit))]
//! struct Handlers;
//!
//! let document = serde_json::to_value(complete::<Handlers>()).expect("a document is JSON");
//! let answers = &document["paths"]["/v1/accounts/{id}/deposits"]["post"]["responses"];
//! assert!(answers["401"].is_object() && answers["412"].is_object());
//! ```
//!
//! The description of a refusal is the list of its codes.

mod answers;
mod bodies;
mod join;
mod parameters;
mod problems;
mod serve;
mod shapes;

#[cfg(feature = "page")]
mod page;

use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{OpenApi, PathItem, SecurityRequirement};

pub use join::{JoinError, join, sorted};
#[cfg(feature = "page")]
pub use page::page_routes;
pub use serve::{OPENAPI_PATH, document_route};
pub use shapes::StreamVersion;

/// What operations call the access token.
const BEARER: &str = "bearer";

/// The document of the handlers that `D` lists, with the answers that follow from what each of them takes.
///
/// Every operation asks for a token, except those that say `security(())`.
#[must_use]
pub fn complete<D: utoipa::OpenApi>() -> OpenApi {
    let mut document = D::openapi();
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            secure(operation);
            bodies::may_be_left_out(operation);
            answers::add_to(operation);
        }
    }
    let components = document.components.get_or_insert_default();
    problems::add_to(components);
    shapes::add_to(components);
    let scheme = Http::builder()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("The access token that signing in gives."));
    components.security_schemes.insert(BEARER.to_owned(), SecurityScheme::Http(scheme.build()).into());
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten()
}

/// `security(())` reads "with or without a token"; to tools that try tokens, a public operation has no requirement.
fn secure(operation: &mut Operation) {
    operation.security = match operation.security {
        Some(_) => Some(Vec::new()),
        None => Some(vec![SecurityRequirement::new::<_, _, String>(BEARER, [])]),
    };
}

fn is_public(operation: &Operation) -> bool {
    operation.security.as_ref().is_some_and(Vec::is_empty)
}
