//! `GET /v1/bulk-transfers/{id}`: the record of an atomic bulk transfer, never older than the source's answer.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::Aggregate;
use domain::bulk_transfer::{BulkLine, BulkStatus, BulkTransfer};
use domain::ids::{AccountId, BulkId};
use domain::money::Currency;
use domain::transfer::RefusalReason;
use event_store::{StoreError, StreamId, Version};
use serde::Serialize;
use service_kit::http::{Problem, SignedIn, ValidPath, with_version};
use service_kit::openapi::StreamVersion;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::openapi::TAG;
use crate::application::Application;
use crate::error::read_bulk_problem;

/// An atomic bulk transfer as a client sees it. Once it is `debited`, each line is a transfer that goes on by itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BulkTransfer)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BulkDocument {
    id: BulkId,
    from_account_id: AccountId,
    currency: Currency,
    state: BulkStatus,
    /// Why the source refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<RefusalReason>,
    lines: Vec<BulkLine>,
    #[schema(value_type = StreamVersion)]
    version: i64,
    created_at: DateTime<Utc>,
    deadline: DateTime<Utc>,
}

impl BulkDocument {
    /// `None` when it was never created.
    pub(super) fn of(version: Version, bulk: &BulkTransfer) -> Option<Self> {
        let created = bulk.created()?;
        let details = created.details.clone();
        Some(Self {
            id: details.bulk_id,
            from_account_id: details.from_account_id,
            currency: details.currency,
            state: created.status(),
            reason: created.reason(),
            lines: details.lines,
            version: version.0,
            created_at: created.created_at,
            deadline: details.deadline,
        })
    }
}

/// How far an atomic bulk transfer has come
#[utoipa::path(
    get,
    path = "/v1/bulk-transfers/{id}",
    operation_id = "readBulkTransfer",
    tag = TAG,
    params(("id" = BulkId, Path, description = "The bulk transfer")),
    responses(
        (status = 200, description = "The bulk transfer as it is now", body = BulkDocument, headers(("ETag" = String, description = "Its version, as a strong tag"))),
        (status = 404, description = "bulk-transfer-not-found"),
    ),
)]
pub(crate) async fn read(
    State(application): State<Application>,
    SignedIn(caller): SignedIn,
    ValidPath(id): ValidPath<Uuid>,
) -> Result<Response, Problem> {
    let bulk = application.find_bulk(id).await.map_err(read_bulk_problem)?;
    let visible = bulk.state.created().is_some_and(|created| created.is_visible_to(&caller.actor()));
    let document = BulkDocument::of(bulk.version, &bulk.state)
        .filter(|_| visible)
        .ok_or_else(|| read_bulk_problem(not_created(id)))?;
    Ok(with_version(bulk.version.0, Json(document)))
}

pub(super) fn not_created(id: Uuid) -> StoreError {
    StoreError::NotFound(StreamId::new(BulkTransfer::TYPE, id))
}
