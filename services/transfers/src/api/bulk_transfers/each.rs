//! Each line is a transfer of its own. Every line's id and command follow from the request's key and the line's place, so
//! that a request that broke off half-way is finished by sending it again.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use domain::ids::TransferId;
use domain::money::Money;
use domain::text::Actor;
use domain::transfer::TransferDetails;
use event_store::CommandContext;
use futures::future::try_join_all;
use serde::Serialize;
use service_kit::command::Reply;
use service_kit::http::{Problem, command_id};
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::transfers::TransferReply;
use super::{BulkBody, BulkReply, line_command_id};
use crate::application::{Application, Outcome};
use crate::error::problem;

/// The transfers in the order of their lines.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BulkReply)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EachReply {
    items: Vec<TransferReply>,
}

pub(super) async fn create(
    application: &Application,
    body: BulkBody,
    actor: Actor,
    context: CommandContext,
) -> Result<Reply, Problem> {
    let deadline = application.deadline_from(application.clock.now());
    let lines = Lines { body, deadline, actor, context };
    let start = |place| lines.start(application, place);
    // The first one tells whether the key was used for another request; then the others do not even begin.
    let mut executed = vec![start(0).await.map_err(problem)?];
    executed.extend(try_join_all((1..lines.body.lines.len()).map(start)).await.map_err(problem)?);
    let items = executed.iter().map(TransferReply::of_executed).collect();
    let is_repetition = executed.iter().all(|transfer| transfer.replayed);
    let reply = BulkReply::Each(EachReply { items });
    Ok(Reply::of_many(StatusCode::ACCEPTED, is_repetition, &reply))
}

/// A request whose lines are right.
struct Lines {
    body: BulkBody,
    deadline: DateTime<Utc>,
    actor: Actor,
    context: CommandContext,
}

impl Lines {
    async fn start(&self, application: &Application, place: usize) -> Outcome {
        let line = &self.body.lines[place];
        let details = TransferDetails {
            transfer_id: self.transfer_id(place),
            from_account_id: self.body.from_account_id,
            to_account_id: line.to_account_id,
            money: Money { amount: line.amount, currency: self.body.currency },
            memo: line.memo.clone(),
            actor: Some(self.actor.clone()),
            deadline: self.deadline,
            reversal_of: None,
            bulk_id: None,
            order_id: None,
        };
        let command_id = line_command_id(&self.context, place);
        application.create(details, CommandContext { command_id, ..self.context.clone() }).await
    }

    fn transfer_id(&self, place: usize) -> TransferId {
        let key: Uuid = self.context.command_id;
        TransferId(command_id(&key.to_string(), "transfer of line", &place.to_string()))
    }
}
