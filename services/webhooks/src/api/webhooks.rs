//! `/v1/webhooks`: making webhooks and changing them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::text::Memo;
use serde::{Deserialize, Deserializer, Serialize};
use service_kit::command::{CommandRequest, Reply};
use service_kit::http::{IfMatch, Problem, SignedIn, ValidJson, ValidPath, with_version};
use utoipa::ToSchema;
use uuid::Uuid;

use super::openapi::TAG;
use crate::application::{Answered, Application, Change, Wanted};
use crate::endpoint::Endpoint;
use crate::filter::EventFilter;
use crate::owner::Owner;
use crate::signature::SigningSecret;
use crate::store::{Disabled, Webhook};

/// The body of `POST /v1/webhooks`.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"url": "https://example.org/hooks", "eventTypes": ["AccountCredited", "AccountDebited"]}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateWebhookBody {
    url: Endpoint,
    /// All of them when it is left out.
    #[serde(default)]
    event_types: EventFilter,
    #[serde(default)]
    description: Option<Memo>,
}

/// The body of `PATCH /v1/webhooks/{id}`; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"enabled": true}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ChangeWebhookBody {
    #[serde(default)]
    url: Option<Endpoint>,
    #[serde(default)]
    event_types: Option<EventFilter>,
    /// Null takes it away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Memo>)]
    description: Option<Option<Memo>>,
    /// Whether anything is sent to it. What happens while nothing is, is not sent later.
    #[serde(default)]
    enabled: Option<bool>,
}

/// Nothing.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = json!({}))]
#[serde(deny_unknown_fields)]
pub(crate) struct EmptyBody {}

/// A null that is given is not the same as nothing.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Memo>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A webhook as its owner sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = Webhook)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookDocument {
    id: Uuid,
    url: Endpoint,
    event_types: EventFilter,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<String>,
    enabled: bool,
    /// Why nothing is sent to it: by-owner, failing, gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    disabled_reason: Option<&'static str>,
    /// Since when nothing could be delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    failing_since: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    /// Rises with each change.
    version: i64,
}

/// A webhook with its secret, which is shown this once.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreatedWebhook {
    #[serde(flatten)]
    webhook: WebhookDocument,
    /// What its messages are signed with: `whsec_` and base64.
    secret: String,
}

/// Another secret, which is shown this once.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RotatedSecret {
    /// What messages are signed with from now on.
    secret: String,
    /// Until when the one before it signs them as well. One before that signs no more.
    old_secret_signs_until: DateTime<Utc>,
}

/// A whole list.
#[derive(Serialize, ToSchema)]
pub(crate) struct Webhooks {
    items: Vec<WebhookDocument>,
}

impl From<&Webhook> for WebhookDocument {
    fn from(webhook: &Webhook) -> Self {
        Self {
            id: webhook.id,
            url: webhook.endpoint.clone(),
            event_types: webhook.filter.clone(),
            description: webhook.description.clone(),
            enabled: webhook.disabled.is_none(),
            disabled_reason: webhook.disabled.map(Disabled::code),
            failing_since: webhook.failing_since,
            created_at: webhook.created_at,
            version: webhook.version,
        }
    }
}

/// Hear of events
#[utoipa::path(
    post,
    path = "/v1/webhooks",
    operation_id = "createWebhook",
    tag = TAG,
    params(CommandRequest),
    request_body = CreateWebhookBody,
    responses(
        (status = 201, description = "Made. Operators hear of everything, a customer of their own accounts and transfers", body = CreatedWebhook, headers(("Location" = String, description = "The webhook"))),
        (status = 404, description = "customer-not-found"),
        (status = 409, description = "too-many-webhooks"),
    ),
)]
pub(crate) async fn create(
    State(application): State<Application>,
    request: CommandRequest,
    ValidJson { value: body, hash }: ValidJson<CreateWebhookBody>,
) -> Result<Reply, Problem> {
    let wanted = Wanted {
        endpoint: body.url,
        filter: body.event_types,
        description: body.description.map(String::from),
    };
    let show = |webhook: &Webhook, secret: &SigningSecret| {
        serde_json::to_value(CreatedWebhook { webhook: webhook.into(), secret: secret.expose() })
    };
    let owner = Owner::of(&request.actor());
    let Answered { body, is_repetition } =
        application.create(&owner, wanted, &request.context(hash), show).await?;
    let location = format!("/v1/webhooks/{}", body["id"].as_str().unwrap_or_default());
    let version = body["version"].as_i64().unwrap_or_default();
    Ok(Reply::of_many(StatusCode::CREATED, is_repetition, &body).location(&location).version(version))
}

/// The caller's webhooks
#[utoipa::path(
    get,
    path = "/v1/webhooks",
    operation_id = "listWebhooks",
    tag = TAG,
    responses((status = 200, description = "All of them, the oldest first", body = Webhooks)),
)]
pub(crate) async fn list(
    State(application): State<Application>,
    SignedIn(caller): SignedIn,
) -> Result<Json<Webhooks>, Problem> {
    let webhooks = application.webhooks(&Owner::of(&caller.actor())).await?;
    Ok(Json(Webhooks { items: webhooks.iter().map(WebhookDocument::from).collect() }))
}

/// One webhook
#[utoipa::path(
    get,
    path = "/v1/webhooks/{id}",
    operation_id = "readWebhook",
    tag = TAG,
    params(("id" = Uuid, Path, description = "The webhook")),
    responses(
        (status = 200, description = "The webhook, without its secret", body = WebhookDocument, headers(("ETag" = String, description = "Its version, as a strong tag"))),
        (status = 404, description = "webhook-not-found"),
    ),
)]
pub(crate) async fn read(
    State(application): State<Application>,
    SignedIn(caller): SignedIn,
    ValidPath(id): ValidPath<Uuid>,
) -> Result<Response, Problem> {
    let webhook = application.webhook(&Owner::of(&caller.actor()), id).await?;
    Ok(with_version(webhook.version, Json(WebhookDocument::from(&webhook))))
}

/// Send it elsewhere, send other events, or send nothing for a while
#[utoipa::path(
    patch,
    path = "/v1/webhooks/{id}",
    operation_id = "changeWebhook",
    tag = TAG,
    params(("id" = Uuid, Path, description = "The webhook"), IfMatch),
    request_body = ChangeWebhookBody,
    responses(
        (status = 200, description = "As it is now", body = WebhookDocument, headers(("ETag" = String, description = "Its version, as a strong tag"))),
        (status = 404, description = "webhook-not-found"),
    ),
)]
pub(crate) async fn change(
    State(application): State<Application>,
    SignedIn(caller): SignedIn,
    ValidPath(id): ValidPath<Uuid>,
    IfMatch(expected): IfMatch,
    ValidJson { value: body, .. }: ValidJson<ChangeWebhookBody>,
) -> Result<Response, Problem> {
    let change = Change {
        endpoint: body.url,
        filter: body.event_types,
        description: body.description.map(|description| description.map(String::from)),
        is_enabled: body.enabled,
    };
    let webhook = application.change(&Owner::of(&caller.actor()), id, &change, expected).await?;
    Ok(with_version(webhook.version, Json(WebhookDocument::from(&webhook))))
}

/// Hear no more
#[utoipa::path(
    delete,
    path = "/v1/webhooks/{id}",
    operation_id = "deleteWebhook",
    tag = TAG,
    params(("id" = Uuid, Path, description = "The webhook")),
    responses(
        (status = 204, description = "Deleted, with what it was sent"),
        (status = 404, description = "webhook-not-found"),
    ),
)]
pub(crate) async fn remove(
    State(application): State<Application>,
    SignedIn(caller): SignedIn,
    ValidPath(id): ValidPath<Uuid>,
) -> Result<StatusCode, Problem> {
    application.delete(&Owner::of(&caller.actor()), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sign with another secret
#[utoipa::path(
    post,
    path = "/v1/webhooks/{id}/rotate-secret",
    operation_id = "rotateWebhookSecret",
    tag = TAG,
    params(("id" = Uuid, Path, description = "The webhook"), CommandRequest),
    request_body = Option<EmptyBody>,
    responses(
        (status = 200, description = "The new secret", body = RotatedSecret),
        (status = 404, description = "webhook-not-found"),
    ),
)]
pub(crate) async fn rotate_secret(
    State(application): State<Application>,
    ValidPath(id): ValidPath<Uuid>,
    request: CommandRequest,
    body: Option<ValidJson<EmptyBody>>,
) -> Result<Reply, Problem> {
    let hash = ValidJson::or_default(body).hash;
    let show = |secret: &SigningSecret, old_secret_signs_until: DateTime<Utc>| {
        serde_json::to_value(RotatedSecret { secret: secret.expose(), old_secret_signs_until })
    };
    let owner = Owner::of(&request.actor());
    let Answered { body, is_repetition } =
        application.rotate_secret(&owner, id, &request.context(hash), show).await?;
    Ok(Reply::of_many(StatusCode::OK, is_repetition, &body))
}
