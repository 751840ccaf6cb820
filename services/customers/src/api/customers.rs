//! `/v1/customers`: becoming a customer, and what customers do about themselves.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::customer::{Customer, EmailAddress, PersonName};
use domain::text::{Actor, CustomerId};
use event_store::Executed;
use serde::{Deserialize, Serialize};
use service_kit::command::{AnonymousRequest, CommandRequest, Reply};
use service_kit::http::{OperatorCaller, Problem, SignedIn, ValidJson, ValidPath, with_version};
use service_kit::identity::Caller;
use service_kit::openapi::StreamVersion;
use utoipa::ToSchema;
use uuid::Uuid;

use super::openapi::TAG;
use crate::application::{Application, ProfileChange, Registration};
use crate::error::problem;
use crate::passwords::Password;

/// The body of `POST /v1/customers`.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"email": "ada@example.org", "name": "Ada Lovelace", "password": "correct horse battery"}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RegisterBody {
    email: EmailAddress,
    name: PersonName,
    password: Password,
}

/// The body of `PATCH /v1/customers/me`: what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(min_properties = 1, example = json!({"name": "Augusta Ada King"}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ProfileBody {
    #[serde(default)]
    email: Option<EmailAddress>,
    #[serde(default)]
    name: Option<PersonName>,
}

/// The body of `PUT /v1/customers/me/password`.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"currentPassword": "correct horse battery", "newPassword": "staple, stapled"}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PasswordBody {
    current_password: Password,
    new_password: Password,
}

/// What a command answers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CustomerReply {
    id: Uuid,
    #[schema(value_type = StreamVersion)]
    version: i64,
}

impl CustomerReply {
    pub(super) fn of(executed: &Executed<Customer>) -> Self {
        Self { id: executed.id, version: executed.version.0 }
    }
}

/// A customer, for themselves.
#[derive(Serialize, ToSchema)]
#[schema(as = Profile)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProfileDocument {
    id: Uuid,
    email: EmailAddress,
    name: PersonName,
    registered_at: DateTime<Utc>,
    #[schema(value_type = StreamVersion)]
    version: i64,
}

/// The customer who calls; an operator is none.
pub(super) fn customer(caller: &Caller) -> Result<Uuid, Problem> {
    let none = || Problem::new(StatusCode::NOT_FOUND, "customer-not-found", "an operator is no customer");
    caller.customer().ok_or_else(none)
}

/// Become a customer
#[utoipa::path(
    post,
    path = "/v1/customers",
    operation_id = "register",
    tag = TAG,
    params(AnonymousRequest),
    request_body = RegisterBody,
    responses(
        (status = 201, description = "Registered; sign in next", body = CustomerReply, headers(("Location" = String, description = "`/v1/customers/me`"), ("ETag" = String, description = "Its version, as a strong tag"))),
        (status = 409, description = "email-taken"),
    ),
    security(()),
)]
pub(crate) async fn register(
    State(application): State<Application>,
    request: AnonymousRequest,
    ValidJson { value: body, .. }: ValidJson<RegisterBody>,
) -> Result<Reply, Problem> {
    let request = request.within(application.vault.lookup(&body.email).as_bytes())?;
    let registration = Registration { email: body.email, name: body.name, password: body.password };
    let executed = application.register(registration, &request).await.map_err(problem)?;
    let reply = Reply::new(StatusCode::CREATED, &executed, &CustomerReply::of(&executed));
    let registered = Actor::from(CustomerId::from(executed.id));
    Ok(reply.location("/v1/customers/me").acted_as(&registered))
}

/// What the bank knows of the caller
#[utoipa::path(
    get,
    path = "/v1/customers/me",
    operation_id = "readProfile",
    tag = TAG,
    responses(
        (status = 200, description = "The caller", body = ProfileDocument, headers(("ETag" = String, description = "Its version, as a strong tag"))),
        (status = 404, description = "customer-not-found"),
    ),
)]
pub(crate) async fn profile(
    State(application): State<Application>,
    SignedIn(caller): SignedIn,
) -> Result<Response, Problem> {
    let (found, profile) = application.profile(customer(&caller)?).await.map_err(problem)?;
    let registered_at = found.state.known().map(|known| known.registered_at).unwrap_or_default();
    let document = ProfileDocument {
        id: found.id,
        email: profile.email,
        name: profile.name,
        registered_at,
        version: found.version.0,
    };
    Ok(with_version(found.version.0, Json(document)))
}

/// Be called otherwise, or be reached elsewhere
#[utoipa::path(
    patch,
    path = "/v1/customers/me",
    operation_id = "changeProfile",
    tag = TAG,
    params(CommandRequest),
    request_body = ProfileBody,
    responses(
        (status = 200, description = "Changed", body = CustomerReply),
        (status = 404, description = "customer-not-found"),
        (status = 409, description = "email-taken"),
    ),
)]
pub(crate) async fn change_profile(
    State(application): State<Application>,
    SignedIn(caller): SignedIn,
    request: CommandRequest,
    ValidJson { value: body, hash }: ValidJson<ProfileBody>,
) -> Result<Reply, Problem> {
    let change = ProfileChange { email: body.email, name: body.name };
    if change.email.is_none() && change.name.is_none() {
        return Err(Problem::invalid_body("", "name what is to change: email, name, or both"));
    }
    let changed = application.change_profile(customer(&caller)?, change, &request, hash).await;
    let executed = changed.map_err(problem)?;
    Ok(Reply::new(StatusCode::OK, &executed, &CustomerReply::of(&executed)))
}

/// Take another password; the caller's other sessions end
#[utoipa::path(
    put,
    path = "/v1/customers/me/password",
    operation_id = "changePassword",
    tag = TAG,
    request_body = PasswordBody,
    responses(
        (status = 204, description = "Changed"),
        (status = 403, description = "wrong-password"),
        (status = 404, description = "customer-not-found"),
        (status = 429, description = "too-many-attempts"),
    ),
)]
pub(crate) async fn change_password(
    State(application): State<Application>,
    SignedIn(caller): SignedIn,
    ValidJson { value: body, .. }: ValidJson<PasswordBody>,
) -> Result<StatusCode, Problem> {
    let id = customer(&caller)?;
    let (current, new) = (body.current_password, body.new_password);
    application.change_password(id, caller.session, current, new).await.map_err(problem)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Be forgotten
#[utoipa::path(
    delete,
    path = "/v1/customers/me",
    operation_id = "erase",
    tag = TAG,
    params(CommandRequest),
    responses(
        (status = 200, description = "Forgotten", body = CustomerReply),
        (status = 404, description = "customer-not-found"),
    ),
)]
pub(crate) async fn erase(
    State(application): State<Application>,
    SignedIn(caller): SignedIn,
    request: CommandRequest,
) -> Result<Reply, Problem> {
    erase_one(&application, customer(&caller)?, &request).await
}

/// Forget a customer; for operators
#[utoipa::path(
    delete,
    path = "/v1/customers/{id}",
    operation_id = "eraseCustomer",
    tag = TAG,
    params(("id" = Uuid, Path, description = "The customer"), CommandRequest),
    responses(
        (status = 200, description = "Forgotten", body = CustomerReply),
        (status = 403, description = "forbidden"),
        (status = 404, description = "customer-not-found"),
    ),
)]
pub(crate) async fn erase_other(
    State(application): State<Application>,
    OperatorCaller(_): OperatorCaller,
    ValidPath(id): ValidPath<Uuid>,
    request: CommandRequest,
) -> Result<Reply, Problem> {
    erase_one(&application, id, &request).await
}

async fn erase_one(application: &Application, id: Uuid, request: &CommandRequest) -> Result<Reply, Problem> {
    let context = request.context(ValidJson::<()>::or_default(None).hash);
    let executed = application.erase(id, request.actor(), context).await.map_err(problem)?;
    Ok(Reply::new(StatusCode::OK, &executed, &CustomerReply::of(&executed)))
}
