//! `GET /v1/transfers/{id}`: the saga's record itself, never older than the last answer.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::Aggregate;
use domain::ids::{AccountId, BulkId, OrderId, TransferId};
use domain::money::{Amount, Currency};
use domain::text::Memo;
use domain::transfer::{MoneyTransfer, RefusalReason, TransferStatus};
use event_store::{StoreError, StreamId, Versioned};
use serde::Serialize;
use service_kit::http::{Problem, SignedIn, ValidPath, with_version};
use service_kit::openapi::StreamVersion;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::openapi::TAG;
use crate::application::Application;
use crate::error::read_problem;

/// A transfer as a client sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Transfer)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TransferDocument {
    #[schema(value_type = TransferId)]
    id: Uuid,
    from_account_id: AccountId,
    to_account_id: AccountId,
    amount: Amount,
    currency: Currency,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    memo: Option<Memo>,
    state: TransferStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<RefusalReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reversal_of: Option<TransferId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reversed_by: Option<TransferId>,
    /// The bulk transfer that it is a line of.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    bulk_id: Option<BulkId>,
    /// The order that asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    order_id: Option<OrderId>,
    #[schema(value_type = StreamVersion)]
    version: i64,
    created_at: DateTime<Utc>,
    deadline: DateTime<Utc>,
}

/// How far a transfer has come
#[utoipa::path(
    get,
    path = "/v1/transfers/{id}",
    operation_id = "readTransfer",
    tag = TAG,
    params(("id" = TransferId, Path, description = "The transfer")),
    responses(
        (status = 200, description = "The transfer as it is now", body = TransferDocument, headers(("ETag" = String, description = "Its version, as a strong tag"))),
        (status = 404, description = "transfer-not-found"),
    ),
)]
pub(crate) async fn read(
    State(application): State<Application>,
    SignedIn(caller): SignedIn,
    ValidPath(id): ValidPath<Uuid>,
) -> Result<Response, Problem> {
    let transfer = application.find(id).await.map_err(read_problem)?;
    let visible = transfer.state.created().is_some_and(|created| created.is_visible_to(&caller.actor()));
    let document = document(&transfer)
        .filter(|_| visible)
        .ok_or_else(|| read_problem(StoreError::NotFound(StreamId::new(MoneyTransfer::TYPE, id))))?;
    Ok(with_version(transfer.version.0, Json(document)))
}

fn document(transfer: &Versioned<MoneyTransfer>) -> Option<TransferDocument> {
    let created = transfer.state.created()?;
    let details = created.details.clone();
    Some(TransferDocument {
        id: transfer.id,
        from_account_id: details.from_account_id,
        to_account_id: details.to_account_id,
        amount: details.money.amount,
        currency: details.money.currency,
        memo: details.memo,
        state: created.status(),
        reason: created.reason(),
        reversal_of: details.reversal_of,
        reversed_by: created.reversal.map(|reversal| reversal.transfer_id()),
        bulk_id: details.bulk_id,
        order_id: details.order_id,
        version: transfer.version.0,
        created_at: created.created_at,
        deadline: details.deadline,
    })
}
