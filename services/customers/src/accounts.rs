//! A small view of the accounts' events: whose they are and whether they are open, so that payees can be found.
//!
//! It may lag. Nothing is decided on it but what is shown, and whether an account can be saved as a payee.

use async_trait::async_trait;
use domain::Aggregate;
use domain::account::{Account, AccountEvent};
use domain::ids::AccountId;
use domain::money::Currency;
use event_store::RecordedEvent;
use messaging::{Handler, Outcome, PerEvent, Subscription, topic_of};
use service_kit::backends::Watched;
use sqlx::AnyPool;
use std::sync::Arc;
use uuid::Uuid;

use crate::Deps;
use crate::vault::VaultError;

/// The view, in the vault's database.
#[derive(Clone)]
pub(crate) struct KnownAccounts {
    pool: AnyPool,
}

impl KnownAccounts {
    pub(crate) fn in_database(pool: AnyPool) -> Self {
        Self { pool }
    }

    /// The customer's open accounts, by id.
    pub(crate) async fn open_accounts_of(
        &self,
        customer: Uuid,
    ) -> Result<Vec<(AccountId, Currency)>, VaultError> {
        let rows: Vec<(String, String)> = sqlx::query_as(include_str!("../sql/accounts_of.sql"))
            .bind(customer.to_string())
            .fetch_all(&self.pool)
            .await?;
        rows.iter()
            .map(|(id, currency)| {
                let id = id.parse().map_err(|_| VaultError::Corrupt("an account id that is none"))?;
                let currency =
                    currency.parse().map_err(|_| VaultError::Corrupt("a currency that is none"))?;
                Ok((id, currency))
            })
            .collect()
    }

    /// Whose account it is, if it is open.
    pub(crate) async fn owner_of_open(&self, account: AccountId) -> Result<Option<String>, VaultError> {
        let row: Option<(String,)> = sqlx::query_as(include_str!("../sql/account_owner.sql"))
            .bind(account.to_string())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|(owner,)| owner))
    }

    /// Applied twice it changes nothing: an account is opened once, and closed for good.
    async fn apply(&self, account: Uuid, event: &AccountEvent) -> Result<(), VaultError> {
        let statement = match event {
            AccountEvent::AccountOpened { customer_id, currency, .. } => {
                sqlx::query(include_str!("../sql/insert_account.sql"))
                    .bind(account.to_string())
                    .bind(customer_id.as_str().to_owned())
                    .bind(currency.to_string())
            }
            AccountEvent::AccountClosed { .. } => {
                sqlx::query(include_str!("../sql/close_account.sql")).bind(account.to_string())
            }
            _ => return Ok(()),
        };
        statement.execute(&self.pool).await?;
        Ok(())
    }
}

/// Reads `bank.account` from its start, or from where this subscription stopped.
pub(crate) async fn subscribe(id: &str, deps: &Deps, accounts: KnownAccounts) -> anyhow::Result<Watched> {
    let subscription = Subscription {
        id: id.to_owned(),
        topics: vec![topic_of(Account::TYPE)],
        handler: Arc::new(PerEvent(Projector { accounts })),
        dead_letters: Arc::clone(&deps.side.dead_letters),
        owner: None,
    };
    deps.side.subscribe(subscription, &deps.tasks).await
}

struct Projector {
    accounts: KnownAccounts,
}

#[async_trait]
impl Handler for Projector {
    async fn handle(&self, event: &RecordedEvent) -> Outcome {
        let account_event = match event.decode::<AccountEvent>() {
            Ok(account_event) => account_event,
            Err(error) => return Outcome::unreadable(&error),
        };
        match self.accounts.apply(event.stream.aggregate_id, &account_event).await {
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::Retry(error.to_string()),
        }
    }
}
