//! `POST /internal/transfer-trials` and `POST /internal/bulk-transfer-trials`: what would become of a transfer, or of a
//! bulk of them, for the service that is asked to try one.

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use domain::account::Account;
use domain::bulk_transfer::{self, BulkDetails};
use domain::transfer::{RefusalReason, TransferDetails, trial};
use event_store::{Clock, Repository, StoreError};
use serde::Serialize;
use service_kit::command::problem_of_store;
use service_kit::http::{Problem, ValidJson, between_services};
use service_kit::settings::Secret;
use std::sync::Arc;
use uuid::Uuid;

#[derive(Clone)]
pub(crate) struct Trials {
    pub(crate) repository: Repository<Account>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Why it would fail; null when it would complete.
#[derive(Serialize)]
pub(crate) struct TrialReply {
    reason: Option<RefusalReason>,
}

pub(crate) fn routes(trials: Trials, secret: Secret) -> Router {
    let routes = Router::new()
        .route("/internal/transfer-trials", post(attempt))
        .route("/internal/bulk-transfer-trials", post(attempt_bulk))
        .with_state(trials);
    between_services(routes, secret)
}

async fn attempt(
    State(trials): State<Trials>,
    ValidJson { value: transfer, .. }: ValidJson<TransferDetails>,
) -> Result<Json<TrialReply>, Problem> {
    let source = trials.account(transfer.from_account_id.0).await.map_err(problem_of_store)?;
    let target = trials.account(transfer.to_account_id.0).await.map_err(problem_of_store)?;
    Ok(Json(TrialReply { reason: trial(&source, &target, &transfer, trials.clock.now()) }))
}

async fn attempt_bulk(
    State(trials): State<Trials>,
    ValidJson { value: bulk, .. }: ValidJson<BulkDetails>,
) -> Result<Json<TrialReply>, Problem> {
    let source = trials.account(bulk.from_account_id.0).await.map_err(problem_of_store)?;
    Ok(Json(TrialReply { reason: bulk_transfer::trial(&source, &bulk, trials.clock.now()) }))
}

impl Trials {
    /// One that was never opened refuses like any other.
    async fn account(&self, id: Uuid) -> Result<Account, StoreError> {
        Ok(self.repository.find_optional(id).await?.map(|found| found.state).unwrap_or_default())
    }
}
