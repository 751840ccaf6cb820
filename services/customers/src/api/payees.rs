//! `/v1/customers/me/payees`: whom a customer pays.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::ETAG;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::customer::{CustomerEvent, EmailAddress, PersonName};
use domain::ids::{AccountId, PayeeId};
use domain::money::Currency;
use serde::{Deserialize, Serialize};
use service_kit::command::{CommandRequest, Reply};
use service_kit::http::{Problem, SignedIn, ValidJson, ValidPath, etag};
use uuid::Uuid;

use super::customers::{CustomerReply, customer};
use crate::application::{Application, CustomerError, SavedPayee};
use crate::error::problem;

/// The body of `POST /v1/customers/me/payees`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SaveBody {
    account_id: AccountId,
    name: PersonName,
}

/// The body of `POST /v1/customers/me/payees/find`: an address in a URL would end in logs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct FindBody {
    email: EmailAddress,
}

#[derive(Serialize)]
struct Items<T> {
    items: Vec<T>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PayeeDocument {
    id: PayeeId,
    account_id: AccountId,
    name: PersonName,
    saved_at: DateTime<Utc>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FoundAccount {
    account_id: AccountId,
    currency: Currency,
}

/// What saving answers: the payee's own id besides the customer's version.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SavedReply {
    payee_id: PayeeId,
    #[serde(flatten)]
    customer: CustomerReply,
}

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
    Ok(([(ETAG, etag(version))], Json(Items { items })).into_response())
}

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
