//! `/v1/sessions`: signing in, staying signed in, and signing out.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, HeaderValue};
use axum::response::{IntoResponse, Response};
use domain::customer::EmailAddress;
use domain::text::{Actor, CustomerId};
use serde::{Deserialize, Serialize};
use service_kit::http::{ActedAs, Problem, SignedIn, ValidJson};
use utoipa::ToSchema;
use uuid::Uuid;

use super::openapi::TAG;
use crate::application::{Application, SignedInSession};
use crate::error::problem;
use crate::passwords::Password;
use crate::vault::RefreshToken;

/// The body of `POST /v1/sessions`.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"email": "ada@example.org", "password": "correct horse battery"}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SignInBody {
    email: EmailAddress,
    password: Password,
}

/// The body of `POST /v1/sessions/refresh`.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"refreshToken": "hRWk1dLk2vN0xw3mF0a5q8s7tYb6uZc4eQd9oPj1iGk"}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RefreshBody {
    refresh_token: RefreshToken,
}

/// What somebody gets who signed in.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionDocument<'a> {
    customer_id: Uuid,
    access_token: &'a str,
    token_type: &'static str,
    /// In seconds.
    expires_in: u64,
    #[schema(value_type = RefreshToken)]
    refresh_token: &'a str,
}

/// Sign in
#[utoipa::path(
    post,
    path = "/v1/sessions",
    operation_id = "signIn",
    tag = TAG,
    request_body = SignInBody,
    responses(
        (status = 201, description = "Signed in", body = SessionDocument<'_>, headers(("Cache-Control" = String, description = "`no-store`: nobody in between keeps tokens"))),
        (status = 401, description = "wrong-credentials"),
        (status = 429, description = "too-many-attempts"),
    ),
    security(()),
)]
pub(crate) async fn sign_in(
    State(application): State<Application>,
    ValidJson { value: body, .. }: ValidJson<SignInBody>,
) -> Result<Response, Problem> {
    let session = application.sign_in(&body.email, body.password).await.map_err(problem)?;
    Ok(answer(&session))
}

/// Stay signed in
#[utoipa::path(
    post,
    path = "/v1/sessions/refresh",
    operation_id = "refreshSession",
    tag = TAG,
    request_body = RefreshBody,
    responses(
        (status = 201, description = "The next tokens of the session", body = SessionDocument<'_>, headers(("Cache-Control" = String, description = "`no-store`: nobody in between keeps tokens"))),
        (status = 401, description = "refresh-refused"),
    ),
    security(()),
)]
pub(crate) async fn refresh(
    State(application): State<Application>,
    ValidJson { value: body, .. }: ValidJson<RefreshBody>,
) -> Result<Response, Problem> {
    Ok(answer(&application.refresh(&body.refresh_token).await.map_err(problem)?))
}

/// Sign out
///
/// Signing out twice is signing out once; a token without a session has none to end.
#[utoipa::path(
    delete,
    path = "/v1/sessions/current",
    operation_id = "signOut",
    tag = TAG,
    responses(
        (status = 204, description = "Signed out"),
    ),
)]
pub(crate) async fn sign_out(
    State(application): State<Application>,
    SignedIn(caller): SignedIn,
) -> Result<StatusCode, Problem> {
    if let Some(session) = caller.session {
        application.sign_out(session).await.map_err(problem)?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Nothing between the service and its client may keep tokens (RFC 6749, 5.1).
fn answer(session: &SignedInSession) -> Response {
    let document = SessionDocument {
        customer_id: session.customer,
        access_token: session.access_token.expose(),
        token_type: "Bearer",
        expires_in: session.access_token.lifetime().as_secs(),
        refresh_token: session.refresh_token.expose(),
    };
    let no_store = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    let mut response = (StatusCode::CREATED, no_store, Json(document)).into_response();
    let actor = Actor::from(CustomerId::from(session.customer));
    response.extensions_mut().insert(ActedAs(actor.to_string()));
    response
}
