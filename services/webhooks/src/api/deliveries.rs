//! `/v1/webhooks/{id}/deliveries`: what was sent, and sending it again.

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service_kit::command::{CommandRequest, Reply};
use service_kit::http::{Cursor, Limit, Page, Problem, SignedIn, ValidJson, ValidPath, ValidQuery};
use utoipa::ToSchema;
use uuid::Uuid;

use super::openapi::TAG;
use super::webhooks::EmptyBody;
use crate::application::{Answered, Application};
use crate::owner::Owner;
use crate::store::{Delivery, DeliveryState, millis};

/// A delivery as the webhook's owner sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryDocument {
    /// What its messages have as `webhook-id`.
    id: Uuid,
    event_id: Uuid,
    event_type: String,
    /// waiting, delivered, failed
    state: &'static str,
    /// How often it was sent since it was last asked for.
    attempts: i64,
    /// When it is sent next, while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_try_at: Option<DateTime<Utc>>,
    /// The status of the last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_status: Option<i64>,
    /// Why the last attempt did not deliver it: status, timeout, unreachable, address-refused, plain-http.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_error: Option<String>,
    created_at: DateTime<Utc>,
}

/// What will be sent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryReference {
    /// Among the webhook's deliveries.
    delivery_id: Uuid,
}

/// Which page.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageQuery {
    cursor: Option<Cursor>,
    #[serde(default)]
    limit: Limit,
}

impl From<Delivery> for DeliveryDocument {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id,
            event_id: delivery.event,
            event_type: delivery.event_type,
            state: delivery.state.as_str(),
            attempts: delivery.attempts,
            next_try_at: (delivery.state == DeliveryState::Waiting).then_some(delivery.next_try_at),
            last_status: delivery.last_status,
            last_error: delivery.last_error,
            created_at: delivery.created_at,
        }
    }
}

/// What a webhook was sent, the newest first
#[utoipa::path(
    get,
    path = "/v1/webhooks/{id}/deliveries",
    operation_id = "listWebhookDeliveries",
    tag = TAG,
    params(("id" = Uuid, Path, description = "The webhook"), PageQuery),
    responses(
        (status = 200, description = "One page of deliveries", body = Page<DeliveryDocument>),
        (status = 404, description = "webhook-not-found"),
    ),
)]
pub(crate) async fn list(
    State(application): State<Application>,
    SignedIn(caller): SignedIn,
    ValidPath(id): ValidPath<Uuid>,
    uri: Uri,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<Page<DeliveryDocument>, Problem> {
    let cursors = &application.cursors;
    let after = query.cursor.map(|cursor| cursor.decode(cursors, uri.path())).transpose()?;
    let owner = Owner::of(&caller.actor());
    let deliveries = application.deliveries(&owner, id, after, query.limit.and_one()).await?;
    let place = |delivery: &Delivery| (millis(delivery.created_at), delivery.id);
    Ok(Page::of(deliveries, query.limit, cursors, &uri, place)?.map(DeliveryDocument::from))
}

/// Send a message that tells of nothing
#[utoipa::path(
    post,
    path = "/v1/webhooks/{id}/test",
    operation_id = "testWebhook",
    tag = TAG,
    params(("id" = Uuid, Path, description = "The webhook"), CommandRequest),
    request_body = Option<EmptyBody>,
    responses(
        (status = 202, description = "It will be sent, with the type WebhookTested, whatever the filter says", body = DeliveryReference),
        (status = 404, description = "webhook-not-found"),
        (status = 409, description = "webhook-disabled"),
    ),
)]
pub(crate) async fn test(
    State(application): State<Application>,
    ValidPath(id): ValidPath<Uuid>,
    request: CommandRequest,
    body: Option<ValidJson<EmptyBody>>,
) -> Result<Reply, Problem> {
    let (owner, hash) = (Owner::of(&request.actor()), ValidJson::or_default(body).hash);
    let Answered { body, is_repetition } = application.test(&owner, id, &request.context(hash)).await?;
    Ok(Reply::of_many(StatusCode::ACCEPTED, is_repetition, &body))
}

/// Send it once more
#[utoipa::path(
    post,
    path = "/v1/webhooks/{id}/deliveries/{deliveryId}/redeliver",
    operation_id = "redeliverWebhook",
    tag = TAG,
    params(
        ("id" = Uuid, Path, description = "The webhook"),
        ("deliveryId" = Uuid, Path, description = "The delivery"),
        CommandRequest,
    ),
    request_body = Option<EmptyBody>,
    responses(
        (status = 202, description = "It will be sent again, under the same webhook-id", body = DeliveryReference),
        (status = 404, description = "webhook-not-found, delivery-not-found"),
        (status = 409, description = "webhook-disabled"),
    ),
)]
pub(crate) async fn redeliver(
    State(application): State<Application>,
    ValidPath((id, delivery)): ValidPath<(Uuid, Uuid)>,
    request: CommandRequest,
    body: Option<ValidJson<EmptyBody>>,
) -> Result<Reply, Problem> {
    let (owner, hash) = (Owner::of(&request.actor()), ValidJson::or_default(body).hash);
    let Answered { body, is_repetition } =
        application.redeliver(&owner, id, delivery, &request.context(hash)).await?;
    Ok(Reply::of_many(StatusCode::ACCEPTED, is_repetition, &body))
}
