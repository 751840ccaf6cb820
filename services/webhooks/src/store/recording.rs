//! What a batch of events leaves: who may hear of what, and a delivery for each webhook that is told. All in one
//! transaction, before the batch's offset is stored.

use std::collections::HashMap;

use any_database::Table;
use chrono::{DateTime, Utc};
use sqlx::{Any, Transaction};
use uuid::Uuid;

use super::{NewDelivery, StoreError, WebhookStore, deliveries, parse_id, text_or_none, time};
use crate::audience::Parties;
use crate::filter::EventFilter;
use crate::owner::Owner;

/// An open transaction, and what was read in it.
pub(crate) struct Recording {
    transaction: Transaction<'static, Any>,
    hearers: HashMap<Owner, Vec<Hearer>>,
    has_written: bool,
}

/// A webhook to which something is sent.
#[derive(Debug, Clone)]
pub(crate) struct Hearer {
    pub(crate) webhook: Uuid,
    pub(crate) filter: EventFilter,
    pub(crate) created_at: DateTime<Utc>,
}

impl WebhookStore {
    pub(crate) async fn begin(&self) -> Result<Recording, StoreError> {
        let transaction = self.pool().begin().await?;
        Ok(Recording { transaction, hearers: HashMap::new(), has_written: false })
    }

    /// Sees to it that what was deleted cannot be read in the database's files.
    pub(crate) async fn overwrite_deleted(&self) -> Result<(), StoreError> {
        for table in ["webhooks", "deliveries", "commands"] {
            if !self.database.overwrite_deleted(Table(table)).await? {
                return Err(StoreError::Busy);
            }
        }
        Ok(())
    }
}

impl Recording {
    /// The owner's webhooks to which something is sent.
    pub(crate) async fn hearers(&mut self, owner: &Owner) -> Result<&[Hearer], StoreError> {
        if !self.hearers.contains_key(owner) {
            let rows: Vec<(String, String, i64)> = sqlx::query_as(include_str!("../../sql/hearers.sql"))
                .bind(owner.to_string())
                .fetch_all(&mut *self.transaction)
                .await?;
            let hearers = rows.into_iter().map(hearer).collect::<Result<_, _>>()?;
            self.hearers.insert(owner.clone(), hearers);
        }
        Ok(&self.hearers[owner])
    }

    /// Writes a delivery down; says whether it was not there yet.
    pub(crate) async fn deliver(&mut self, delivery: &NewDelivery<'_>) -> Result<bool, StoreError> {
        let is_new = deliveries::insert(&mut self.transaction, delivery).await?;
        self.has_written |= is_new;
        Ok(is_new)
    }

    pub(crate) async fn account_opened(&mut self, account: Uuid, owner: &Owner) -> Result<(), StoreError> {
        self.has_written = true;
        sqlx::query(include_str!("../../sql/insert_account.sql"))
            .bind(account.to_string())
            .bind(owner.to_string())
            .execute(&mut *self.transaction)
            .await?;
        Ok(())
    }

    /// Whose account it is; nobody's when it was never opened.
    pub(crate) async fn owner_of(&mut self, account: Uuid) -> Result<Option<Owner>, StoreError> {
        let row: Option<(String,)> = sqlx::query_as(include_str!("../../sql/account_owner.sql"))
            .bind(account.to_string())
            .fetch_optional(&mut *self.transaction)
            .await?;
        row.map(|(owner,)| owner_of(owner)).transpose()
    }

    pub(crate) async fn parties(&mut self, transfer: Uuid) -> Result<Parties, StoreError> {
        let row: Option<(String, String, String)> =
            sqlx::query_as(include_str!("../../sql/transfer_parties.sql"))
                .bind(transfer.to_string())
                .fetch_optional(&mut *self.transaction)
                .await?;
        let Some((creator, source_owner, target_owner)) = row else {
            return Ok(Parties::default());
        };
        let party = |text: String| text_or_none(text).map(owner_of).transpose();
        Ok(Parties {
            creator: party(creator)?,
            source_owner: party(source_owner)?,
            target_owner: party(target_owner)?,
        })
    }

    pub(crate) async fn keep_parties(&mut self, transfer: Uuid, parties: &Parties) -> Result<(), StoreError> {
        self.has_written = true;
        let text = |party: &Option<Owner>| party.as_ref().map(Owner::to_string).unwrap_or_default();
        sqlx::query(include_str!("../../sql/keep_parties.sql"))
            .bind(transfer.to_string())
            .bind(text(&parties.creator))
            .bind(text(&parties.source_owner))
            .bind(text(&parties.target_owner))
            .execute(&mut *self.transaction)
            .await?;
        Ok(())
    }

    /// Deletes the customer's webhooks and what they were sent, and lets none be made for them any more.
    pub(crate) async fn erase(&mut self, customer: &Owner) -> Result<(), StoreError> {
        self.has_written = true;
        self.hearers.remove(customer);
        for statement in [
            include_str!("../../sql/erase_owner.sql"),
            include_str!("../../sql/delete_webhooks_of.sql"),
            include_str!("../../sql/delete_commands_of.sql"),
        ] {
            sqlx::query(statement).bind(customer.to_string()).execute(&mut *self.transaction).await?;
        }
        Ok(())
    }

    /// Puts it on disk.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        if self.has_written {
            return Ok(self.transaction.commit().await?);
        }
        Ok(self.transaction.rollback().await?)
    }
}

fn hearer((webhook, filter, created_at): (String, String, i64)) -> Result<Hearer, StoreError> {
    Ok(Hearer {
        webhook: parse_id(&webhook)?,
        filter: serde_json::from_str(&filter).map_err(|_| StoreError::Corrupt("a filter that is none"))?,
        created_at: time(created_at)?,
    })
}

fn owner_of(text: String) -> Result<Owner, StoreError> {
    Owner::stored(text).ok_or(StoreError::Corrupt("an owner that is none"))
}
