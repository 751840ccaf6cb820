//! All lines leave the account at once, or none does.

use axum::http::StatusCode;
use domain::bulk_transfer::{BulkDetails, BulkLine, BulkStatus, BulkTransfer};
use domain::ids::BulkId;
use domain::text::Actor;
use domain::transfer::RefusalReason;
use event_store::{CommandContext, Executed};
use serde::Serialize;
use service_kit::command::Reply;
use service_kit::http::{Prefer, Problem};
use utoipa::ToSchema;
use uuid::Uuid;

use super::one::{BulkDocument, not_created};
use super::{BulkBody, BulkReply, LineBody, line_command_id};
use crate::application::Application;
use crate::error::{bulk_problem, read_bulk_problem};

/// What would become of an atomic bulk transfer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BulkTransferTrial)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BulkTrialReply {
    /// `debited` or `failed`. What a line's target would refuse is given back, and is not told here.
    would_be: BulkStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<RefusalReason>,
}

/// Nothing is made.
pub(super) async fn tried(
    application: &Application,
    body: BulkBody,
    actor: Actor,
) -> Result<BulkTrialReply, Problem> {
    let details = details(application, body, actor);
    let reason = application.bulk_refusal(&details).await.map_err(read_bulk_problem)?;
    let would_be = if reason.is_some() { BulkStatus::Failed } else { BulkStatus::Debited };
    Ok(BulkTrialReply { would_be, reason })
}

pub(super) async fn create(
    application: &Application,
    body: BulkBody,
    actor: Actor,
    context: CommandContext,
    prefer: Prefer,
) -> Result<Reply, Problem> {
    let details = details(application, body, actor);
    let command_id = line_command_id(&context, 0);
    let context = CommandContext { command_id, ..context };
    let executed = application.create_bulk(details, context).await.map_err(bulk_problem)?;
    accepted(application, executed, prefer).await
}

fn details(application: &Application, body: BulkBody, actor: Actor) -> BulkDetails {
    let bulk_id = BulkId(Uuid::now_v7());
    let line = |(place, LineBody { to_account_id, amount, memo }): (usize, LineBody)| {
        BulkLine::at(bulk_id, place, to_account_id, amount, memo)
    };
    BulkDetails {
        bulk_id,
        from_account_id: body.from_account_id,
        currency: body.currency,
        lines: body.lines.into_iter().enumerate().map(line).collect(),
        actor: Some(actor),
        deadline: application.deadline_from(application.clock.now()),
    }
}

/// 202 with the bulk transfer as accepted, or 201 with its end when the caller waits and it ends in time.
async fn accepted(
    application: &Application,
    mut executed: Executed<BulkTransfer>,
    prefer: Prefer,
) -> Result<Reply, Problem> {
    if let Some(patience) = prefer.wait {
        let has_ended = BulkTransfer::has_ended;
        let bulk = application.wait_until(&application.bulks, executed.id, patience, has_ended);
        let bulk = bulk.await.map_err(read_bulk_problem)?;
        (executed.version, executed.state) = (bulk.version, bulk.state);
    }
    let ended = prefer.wait.is_some() && executed.state.has_ended();
    let status = if ended { StatusCode::CREATED } else { StatusCode::ACCEPTED };
    let document = BulkDocument::of(executed.version, &executed.state);
    let document = document.ok_or_else(|| read_bulk_problem(not_created(executed.id)))?;
    Ok(Reply::new(status, &executed, &BulkReply::Atomic(document))
        .location(&format!("/v1/bulk-transfers/{}", executed.id))
        .preference_applied(prefer))
}
