//! `GET /v1/accounts`: the caller's accounts; to an operator those of any customer, or all.

mod at;
pub(super) mod balance;
pub(super) mod curve;
pub(super) mod entries;
mod freshness;
pub(super) mod one;
pub(super) mod statement;
pub(super) mod transfers;

use axum::extract::State;
use axum::http::Uri;
use chrono::{DateTime, Utc};
use domain::account::AccountStatus;
use domain::ids::AccountId;
use domain::money::{Balance, Currency};
use domain::text::{CustomerId, Title};
use event_store::Version;
use serde::{Deserialize, Serialize};
use service_kit::http::{Cursor, Limit, Page, Problem, SignedIn, ValidQuery};
use service_kit::openapi::StreamVersion;
use utoipa::ToSchema;

use super::openapi::TAG;
use crate::application::Application;
use crate::view::AccountView;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListQuery {
    /// Whose accounts; only an operator names somebody else.
    customer_id: Option<CustomerId>,
    cursor: Option<Cursor>,
    #[serde(default)]
    limit: Limit,
}

/// An account in a list: its document without the recent transfers and changes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccountSummary {
    id: AccountId,
    customer_id: CustomerId,
    title: Title,
    currency: Currency,
    balance: Balance,
    available: Balance,
    state: AccountStatus,
    #[schema(value_type = StreamVersion)]
    version: Version,
    opened_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<AccountView> for AccountSummary {
    fn from(account: AccountView) -> Self {
        Self {
            id: account.id,
            customer_id: account.customer_id,
            title: account.title,
            currency: account.currency,
            balance: account.balance,
            available: account.terms.available,
            state: account.state,
            version: account.version,
            opened_at: account.opened_at,
            updated_at: account.updated_at,
        }
    }
}

/// The accounts of the caller; to an operator those of any customer, or all
#[utoipa::path(
    get,
    path = "/v1/accounts",
    operation_id = "listAccounts",
    tag = TAG,
    params(ListQuery),
    responses(
        (status = 200, description = "One page of accounts", body = Page<AccountSummary>),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn list(
    State(application): State<Application>,
    SignedIn(caller): SignedIn,
    uri: Uri,
    ValidQuery(query): ValidQuery<ListQuery>,
) -> Result<Page<AccountSummary>, Problem> {
    let cursors = &application.cursors;
    let after = query.cursor.map(|cursor| cursor.decode(cursors, uri.path())).transpose()?;
    let owner = match (query.customer_id, caller.customer().map(CustomerId::from)) {
        (Some(named), Some(own)) if named != own => {
            return Err(Problem::forbidden("only an operator lists the accounts of somebody else"));
        }
        (named, own) => own.or(named),
    };
    let accounts = application.accounts(owner.as_ref(), after, query.limit.and_one()).await?;
    let page = Page::of(accounts, query.limit, cursors, &uri, |account| account.id)?;
    Ok(page.map(AccountSummary::from))
}
