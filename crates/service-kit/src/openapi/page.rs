//! The page at `/docs`: Swagger UI, whose files are part of this program, over the document at [`OPENAPI_PATH`].

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderValue, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use utoipa_swagger_ui::{Config, Url};

use super::OPENAPI_PATH;
use crate::http::Problem;

/// Everything comes from here. Swagger UI writes styles into elements and shows pictures that it carries as data.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
frame-ancestors 'none'; base-uri 'none'";

/// The routes of the page, for everybody.
pub fn page_routes() -> Router {
    let config = Config::new([Url::new("bank", OPENAPI_PATH)]).try_it_out_enabled(true);
    Router::new()
        // The files are named relative to the page, so it ends with a slash.
        .route("/docs", get(|| async { Redirect::permanent("/docs/") }))
        .route("/docs/", get(index))
        .route("/docs/{*file}", get(file))
        .with_state(Arc::new(config))
}

async fn index(State(config): State<Arc<Config<'static>>>, uri: Uri) -> Result<Response, Problem> {
    show("", config, &uri)
}

async fn file(
    State(config): State<Arc<Config<'static>>>,
    Path(file): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    show(&file, config, &uri)
}

fn show(file: &str, config: Arc<Config<'static>>, uri: &Uri) -> Result<Response, Problem> {
    let found = utoipa_swagger_ui::serve(file, config).map_err(|error| Problem::internal(error.as_ref()))?;
    let file = found.ok_or_else(|| Problem::route_not_found(uri.path()))?;
    let headers = [(CONTENT_TYPE, file.content_type), (CONTENT_SECURITY_POLICY, POLICY.to_owned())];
    let mut response = (headers, file.bytes.into_owned()).into_response();
    if file.gzpipped {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}
