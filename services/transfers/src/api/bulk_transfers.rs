//! `POST /v1/bulk-transfers`: many transfers from one account in one request, each a transfer of its own.
//!
//! The request as a whole is checked before anything is accepted. Every line's id and command follow from the request's key
//! and the line's place, so that a request that broke off half-way is finished by sending it again.

use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use domain::ids::{AccountId, TransferId};
use domain::money::{Amount, Currency, Money};
use domain::text::{Actor, Memo};
use domain::transfer::TransferDetails;
use event_store::CommandContext;
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use service_kit::command::{CommandRequest, Reply};
use service_kit::http::{IdempotencyKey, Problem, ValidJson, command_id};
use utoipa::ToSchema;
use uuid::Uuid;

use super::openapi::TAG;
use super::transfers::TransferReply;
use crate::application::{Application, Outcome};
use crate::error::problem;

/// The most lines of one request.
const MOST_LINES: usize = 100;

/// The body of `POST /v1/bulk-transfers`.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({
    "fromAccountId": "018f4f5e-36f3-7d0c-9c5b-00000000a11c",
    "currency": "EUR",
    "lines": [
        {"toAccountId": "018f4f5e-36f3-7d0c-9c5b-0000000cafe1", "amount": 250_000, "memo": "Salary for May"},
        {"toAccountId": "018f4f5e-36f3-7d0c-9c5b-0000000cafe2", "amount": 310_000},
    ],
}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct BulkBody {
    from_account_id: AccountId,
    currency: Currency,
    #[schema(min_items = 1, max_items = 100)]
    lines: Vec<LineBody>,
}

/// One transfer of a request.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = BulkLine)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LineBody {
    to_account_id: AccountId,
    amount: Amount,
    #[serde(default)]
    memo: Option<Memo>,
}

/// The transfers in the order of their lines.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BulkReply {
    items: Vec<TransferReply>,
}

/// Start many transfers from one account
///
/// Each line is a transfer of its own: one that fails leaves the others alone. The whole request is refused, and nothing
/// started, when any line of it is wrong.
#[utoipa::path(
    post,
    path = "/v1/bulk-transfers",
    operation_id = "createBulkTransfer",
    tag = TAG,
    params(IdempotencyKey),
    request_body = BulkBody,
    responses((status = 202, description = "All are accepted and go on by themselves", body = BulkReply)),
)]
pub(crate) async fn create(
    State(application): State<Application>,
    request: CommandRequest,
    ValidJson { value: body, hash }: ValidJson<BulkBody>,
) -> Result<Reply, Problem> {
    let request = request.require_key()?;
    check(&body)?;
    let bulk = Bulk {
        deadline: application.deadline_from(application.clock.now()),
        actor: request.actor(),
        context: request.context(hash),
        body,
    };
    let start = |place| bulk.start(&application, place);
    // The first one tells whether the key was used for another request; then the others do not even begin.
    let mut executed = vec![start(0).await.map_err(problem)?];
    executed.extend(try_join_all((1..bulk.body.lines.len()).map(start)).await.map_err(problem)?);
    let items = executed.iter().map(TransferReply::of_executed).collect();
    let is_repetition = executed.iter().all(|transfer| transfer.replayed);
    Ok(Reply::of_many(StatusCode::ACCEPTED, is_repetition, &BulkReply { items }))
}

fn check(body: &BulkBody) -> Result<(), Problem> {
    if !(1..=MOST_LINES).contains(&body.lines.len()) {
        return Err(Problem::invalid_body("/lines", format!("a request has 1 to {MOST_LINES} lines")));
    }
    match body.lines.iter().position(|line| line.to_account_id == body.from_account_id) {
        Some(place) => {
            let pointer = format!("/lines/{place}/toAccountId");
            Err(Problem::invalid_body(pointer, "the money would stay where it is"))
        }
        None => Ok(()),
    }
}

/// A request whose lines are right.
struct Bulk {
    body: BulkBody,
    deadline: DateTime<Utc>,
    actor: Actor,
    context: CommandContext,
}

impl Bulk {
    async fn start(&self, application: &Application, place: usize) -> Outcome {
        let line = &self.body.lines[place];
        let details = TransferDetails {
            transfer_id: TransferId(self.of_line("transfer of line", place)),
            from_account_id: self.body.from_account_id,
            to_account_id: line.to_account_id,
            money: Money { amount: line.amount, currency: self.body.currency },
            memo: line.memo.clone(),
            actor: Some(self.actor.clone()),
            deadline: self.deadline,
            reversal_of: None,
            order_id: None,
        };
        let command_id = self.of_line("command of line", place);
        application.create(details, CommandContext { command_id, ..self.context.clone() }).await
    }

    fn of_line(&self, what: &str, place: usize) -> Uuid {
        command_id(&self.context.command_id.to_string(), what, &place.to_string())
    }
}
