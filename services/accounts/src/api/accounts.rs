//! `/v1/accounts`: opening an account, and what the commands on one account have in common.

pub(super) mod deposits;
pub(super) mod holds;
pub(super) mod limits;
pub(super) mod standing;
pub(super) mod withdrawals;

use axum::extract::State;
use axum::http::StatusCode;
use domain::account::{Account, AccountCommand};
use domain::ids::AccountId;
use domain::money::{AmountOrZero, Balance, Currency};
use domain::text::{CustomerId, Title};
use event_store::Executed;
use serde::{Deserialize, Serialize};
use service_kit::command::{CommandRequest, Reply};
use service_kit::http::{Problem, SignedIn, ValidJson};
use service_kit::openapi::StreamVersion;
use utoipa::ToSchema;
use uuid::Uuid;

use super::openapi::TAG;
use crate::application::Application;
use crate::error::problem;

/// The body of `POST /v1/accounts`.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"title": "Savings", "currency": "EUR", "initialBalance": 10_000}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OpenBody {
    /// The caller, unless an operator names somebody.
    #[serde(default)]
    customer_id: Option<CustomerId>,
    title: Title,
    currency: Currency,
    /// Zero is as good as none.
    #[serde(default)]
    initial_balance: Option<AmountOrZero>,
}

/// What a command answers: whose version the `ETag` repeats.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "018f4f5e-36f3-7d0c-9c5b-00000000a11c", "version": 5, "balance": 12_345}))]
pub(crate) struct AccountReply {
    #[schema(value_type = AccountId)]
    id: Uuid,
    #[schema(value_type = StreamVersion)]
    version: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    balance: Option<Balance>,
}

impl AccountReply {
    fn of(executed: &Executed<Account>) -> Self {
        Self { id: executed.id, version: executed.version.0, balance: None }
    }

    fn with_balance(executed: &Executed<Account>) -> Self {
        Self { balance: executed.state.opened().map(|account| account.balance), ..Self::of(executed) }
    }
}

/// Open an account
#[utoipa::path(
    post,
    path = "/v1/accounts",
    operation_id = "openAccount",
    tag = TAG,
    params(CommandRequest),
    request_body = OpenBody,
    responses(
        (
            status = 201,
            description = "Opened; the views follow",
            body = AccountReply,
            headers(("Location" = String, description = "The account")),
        ),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn open(
    State(application): State<Application>,
    SignedIn(caller): SignedIn,
    request: CommandRequest,
    ValidJson { value: body, hash }: ValidJson<OpenBody>,
) -> Result<Reply, Problem> {
    let customer_id = body.customer_id.or_else(|| caller.customer().map(CustomerId::from));
    let customer_id = customer_id
        .ok_or_else(|| Problem::invalid_body("/customerId", "an operator says whose account it is to be"))?;
    let id = Uuid::now_v7();
    let command = AccountCommand::Open {
        actor: request.actor(),
        account_id: AccountId(id),
        customer_id,
        title: body.title,
        currency: body.currency,
        initial_balance: body.initial_balance.and_then(AmountOrZero::amount),
        now: application.clock.now(),
    };
    let executed = application.execute(id, command, request.context(hash)).await.map_err(problem)?;
    Ok(Reply::new(StatusCode::CREATED, &executed, &AccountReply::of(&executed))
        .location(&format!("/v1/accounts/{}", executed.id)))
}
