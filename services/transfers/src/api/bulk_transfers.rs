//! `POST /v1/bulk-transfers`: many transfers from one account in one request.
//!
//! The request as a whole is checked before anything is accepted. Then either each line is a transfer of its own, or all
//! of them leave the account at once ([`atomic`]).

mod atomic;
mod each;
pub(super) mod one;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::bulk_transfer::MAX_LINES;
use domain::ids::AccountId;
use domain::money::{Amount, Currency};
use domain::text::{Actor, Memo};
use event_store::CommandContext;
use serde::{Deserialize, Serialize};
use service_kit::command::CommandRequest;
use service_kit::http::{IdempotencyKey, Prefer, Problem, ValidJson, ValidQuery, command_id};
use utoipa::ToSchema;
use uuid::Uuid;

use self::atomic::BulkTrialReply;
use self::each::EachReply;
use self::one::BulkDocument;
use super::openapi::TAG;
use crate::application::Application;

/// The body of `POST /v1/bulk-transfers`.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({
    "fromAccountId": "018f4f5e-36f3-7d0c-9c5b-00000000a11c",
    "currency": "EUR",
    "mode": "atomic",
    "lines": [
        {"toAccountId": "018f4f5e-36f3-7d0c-9c5b-0000000cafe1", "amount": 250_000, "memo": "Salary for May"},
        {"toAccountId": "018f4f5e-36f3-7d0c-9c5b-0000000cafe2", "amount": 310_000},
    ],
}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct BulkBody {
    from_account_id: AccountId,
    currency: Currency,
    #[serde(default)]
    #[schema(inline)]
    mode: Mode,
    #[schema(min_items = 1, max_items = 100)]
    lines: Vec<LineBody>,
}

/// What one line's fate has to do with the others'.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Mode {
    /// Nothing: each line is a transfer of its own.
    #[default]
    Each,
    /// All lines leave the account at once, or none does; from there each goes its own way.
    Atomic,
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

/// The transfers in the order of their lines, or the bulk transfer that begins all of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BulkAnswer)]
#[serde(untagged)]
pub(crate) enum BulkReply {
    Each(EachReply),
    Atomic(BulkDocument),
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateQuery {
    /// Only say what would become of an atomic request. Then no `Idempotency-Key` is needed.
    #[serde(default)]
    dry_run: bool,
}

/// Start many transfers from one account
///
/// By `mode`, each line is a transfer of its own, where one that fails leaves the others alone; or the request is
/// `atomic`: the account is debited for all lines at once or for none, and what a line's target refuses is given back
/// alone. The whole request is refused, and nothing started, when any line of it is wrong. Only an atomic request can be
/// waited for: until its debit is decided.
#[utoipa::path(
    post,
    path = "/v1/bulk-transfers",
    operation_id = "createBulkTransfer",
    tag = TAG,
    params(IdempotencyKey, Prefer, CreateQuery),
    request_body = BulkBody,
    responses(
        (status = 200, description = "What would become of it; nothing was made", body = BulkTrialReply),
        (status = 201, description = "The atomic debit was decided within the wait that was asked for", body = BulkDocument, headers(("Location" = String, description = "The bulk transfer"))),
        (status = 202, description = "All are accepted and go on by themselves", body = BulkReply),
    ),
)]
pub(crate) async fn create(
    State(application): State<Application>,
    prefer: Prefer,
    ValidQuery(query): ValidQuery<CreateQuery>,
    request: CommandRequest,
    ValidJson { value: body, hash }: ValidJson<BulkBody>,
) -> Result<Response, Problem> {
    check(&body)?;
    if query.dry_run {
        return tried(&application, body, request.actor()).await.map(IntoResponse::into_response);
    }
    let request = request.require_key()?;
    let (actor, context) = (request.actor(), request.context(hash));
    let reply = match body.mode {
        Mode::Each => each::create(&application, body, actor, context).await?,
        Mode::Atomic => atomic::create(&application, body, actor, context, prefer).await?,
    };
    Ok(reply.into_response())
}

async fn tried(
    application: &Application,
    body: BulkBody,
    actor: Actor,
) -> Result<Json<BulkTrialReply>, Problem> {
    match body.mode {
        Mode::Each => {
            Err(Problem::invalid_query("only an atomic request is tried as a whole; try each transfer"))
        }
        Mode::Atomic => atomic::tried(application, body, actor).await.map(Json),
    }
}

fn check(body: &BulkBody) -> Result<(), Problem> {
    if !(1..=MAX_LINES).contains(&body.lines.len()) {
        return Err(Problem::invalid_body("/lines", format!("a request has 1 to {MAX_LINES} lines")));
    }
    match body.lines.iter().position(|line| line.to_account_id == body.from_account_id) {
        Some(place) => {
            let pointer = format!("/lines/{place}/toAccountId");
            Err(Problem::invalid_body(pointer, "the money would stay where it is"))
        }
        None => Ok(()),
    }
}

/// The command that begins with the line at `place`. An atomic request is one command and has the first line's id, so that
/// a key that was used for one mode is known in the other.
fn line_command_id(context: &CommandContext, place: usize) -> Uuid {
    command_id(&context.command_id.to_string(), "command of line", &place.to_string())
}
