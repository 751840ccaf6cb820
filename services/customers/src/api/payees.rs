//! `/v1/customers/me/payees`: whom a customer pays.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::customer::{CustomerEvent, EmailAddress, PersonName};
use domain::ids::{AccountId, PayeeId};
use domain::money::Currency;
use serde::{Deserialize, Serialize};
use service_kit::command::{CommandRequest, Reply};
use service_kit::http::{Problem, SignedIn, ValidJson, ValidPath, with_version};
use utoipa::ToSchema;
use uuid::Uuid;

use super::customers::{CustomerReply, customer};
use super::openapi::TAG;
use crate::application::{Application, CustomerError, SavedPayee};
use crate::error::problem;

/// The body of `POST /v1/customers/me/payees`.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"accountId": "018f4f5e-36f3-7d0c-9c5b-000000000b0b", "name": "Charles Babbage"}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SaveBody {
    account_id: AccountId,
    name: PersonName,
}

/// The body of `POST /v1/customers/me/payees/find`: an address in a URL would end in logs.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"email": "charles@example.org"}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct FindBody {
    email: EmailAddress,
}

/// A whole list.
#[derive(Serialize, ToSchema)]
pub(crate) struct Items<T> {
    items: Vec<T>,
}

/// An account to pay into.
#[derive(Serialize, ToSchema)]
#[schema(as = Payee)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PayeeDocument {
    id: PayeeId,
    account_id: AccountId,
    name: PersonName,
    saved_at: DateTime<Utc>,
}

/// An account of somebody who was looked for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FoundAccount {
    account_id: AccountId,
    currency: Currency,
}

/// What saving answers: the payee's own id besides the customer's version.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SavedReply {
    payee_id: PayeeId,
    #[serde(flatten)]
    customer: CustomerReply,
}

/// Whom the caller pays
#[utoipa::path(
    get,
    path = "/v1/customers/me/payees",
    operation_id = "listPayees",
    tag = TAG,
    responses(
        (status = 200, description = "The payees, in the order in which they were saved", body = Items<PayeeDocument>, headers(("ETag" = String, description = "The customer's version, as a strong tag"))),
        (status = 404, description = "customer-not-found"),
    ),
)]
pub(crate) async fn list(
    State(application): State<Application>,
    SignedIn(caller): SignedIn,
) -> Result<Response, Problem> {
    let (payees, version) = application.payees(customer(&caller)?).await.map_err(problem)?;
    let document = |payee: SavedPayee| PayeeDocument {
        id: payee.id,
        account_id: payee.account_id,
        name: payee.name,
        saved_at: payee.saved_at,
    };
    let items = payees.into_iter().map(document).collect();
    Ok(with_version(version, Json(Items { items })))
}

/// The open accounts of whoever has an e-mail address
#[utoipa::path(
    post,
    path = "/v1/customers/me/payees/find",
    operation_id = "findPayee",
    tag = TAG,
    request_body = FindBody,
    responses(
        (status = 200, description = "The accounts; none when nobody has the address", body = Items<FoundAccount>),
        (status = 404, description = "customer-not-found"),
    ),
)]
pub(crate) async fn find(
    State(application): State<Application>,
    SignedIn(caller): SignedIn,
    ValidJson { value: body, .. }: ValidJson<FindBody>,
) -> Result<Response, Problem> {
    let found = application.find_accounts(customer(&caller)?, &body.email).await.map_err(problem)?;
    let items =
        found.into_iter().map(|(account_id, currency)| FoundAccount { account_id, currency }).collect();
    Ok(Json(Items { items }).into_response())
}

/// Keep an account to pay into
#[utoipa::path(
    post,
    path = "/v1/customers/me/payees",
    operation_id = "savePayee",
    tag = TAG,
    params(CommandRequest),
    request_body = SaveBody,
    responses(
        (status = 201, description = "Saved", body = SavedReply, headers(("Location" = String, description = "The payee"))),
        (status = 404, description = "account-not-found, customer-not-found"),
        (status = 409, description = "own-account, payee-already-saved, too-many-payees"),
    ),
)]
pub(crate) async fn save(
    State(application): State<Application>,
    SignedIn(caller): SignedIn,
    request: CommandRequest,
    ValidJson { value: body, hash }: ValidJson<SaveBody>,
) -> Result<Reply, Problem> {
    let id = customer(&caller)?;
    let saved = application.save_payee(id, body.account_id, &body.name, &request, hash).await;
    let executed = saved.map_err(problem)?;
    let event = executed.events.first().map(|event| event.decode::<CustomerEvent>());
    let Some(Ok(CustomerEvent::PayeeSaved { payee_id, .. })) = event else {
        return Err(problem(CustomerError::Unreadable));
    };
    let reply = SavedReply { payee_id, customer: CustomerReply::of(&executed) };
    let location = format!("/v1/customers/me/payees/{payee_id}");
    Ok(Reply::new(StatusCode::CREATED, &executed, &reply).location(&location))
}

/// Keep it no longer
#[utoipa::path(
    delete,
    path = "/v1/customers/me/payees/{id}",
    operation_id = "removePayee",
    tag = TAG,
    params(("id" = PayeeId, Path, description = "The payee"), CommandRequest),
    responses(
        (status = 200, description = "Removed", body = CustomerReply),
        (status = 404, description = "customer-not-found, payee-not-found"),
    ),
)]
pub(crate) async fn remove(
    State(application): State<Application>,
    SignedIn(caller): SignedIn,
    ValidPath(payee_id): ValidPath<Uuid>,
    request: CommandRequest,
) -> Result<Reply, Problem> {
    let hash = ValidJson::<()>::or_default(None).hash;
    let removed = application.remove_payee(customer(&caller)?, PayeeId(payee_id), &request, hash).await;
    let executed = removed.map_err(problem)?;
    Ok(Reply::new(StatusCode::OK, &executed, &CustomerReply::of(&executed)))
}
