//! What webhooks were told, for `bank verify`.

use any_database::AnyDatabase;
use service_kit::settings::SecretUrl;
use uuid::Uuid;

use super::{StoreError, WebhookStore, parse_id};
use crate::message::TEST;
use crate::owner::Owner;

/// Every webhook, and of which events it was told.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// The customers who have a webhook.
    pub customers: Vec<String>,
    /// The customer and the event, for each delivery of an event to a customer.
    pub deliveries: Vec<(String, Uuid)>,
}

impl WebhookStore {
    /// Opens the store at the address, a file only for reading.
    ///
    /// # Errors
    /// When it is missing or cannot be read; the message names the setting `name`.
    pub async fn open_read_only(name: &str, url: &SecretUrl) -> anyhow::Result<Self> {
        let Some(path) = url.expose().strip_prefix("sqlite://") else {
            return Self::open(name, url).await;
        };
        let opened = AnyDatabase::open_read_only(path).await;
        let database = opened.map_err(|error| anyhow::anyhow!("setting `{name}` ({url}): {error}"))?;
        Ok(Self { database })
    }

    /// What customers were told; operators may hear of everything.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn told(&self) -> anyhow::Result<Told> {
        Ok(self.read_told().await?)
    }

    async fn read_told(&self) -> Result<Told, StoreError> {
        let operators = Owner::operators().to_string();
        let customers: Vec<(String,)> = sqlx::query_as(include_str!("../../sql/customers_with_webhooks.sql"))
            .bind(operators.clone())
            .fetch_all(self.pool())
            .await?;
        let deliveries: Vec<(String, String)> = sqlx::query_as(include_str!("../../sql/told_customers.sql"))
            .bind(operators)
            .bind(TEST)
            .fetch_all(self.pool())
            .await?;
        let told = |(customer, event): (String, String)| Ok((customer, parse_id(&event)?));
        Ok(Told {
            customers: customers.into_iter().map(|(customer,)| customer).collect(),
            deliveries: deliveries.into_iter().map(told).collect::<Result<_, StoreError>>()?,
        })
    }
}
