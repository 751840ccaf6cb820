//! The views in MongoDB.
//!
//! Invariant: rows and transfers are durable on a majority of the servers before a document that shows them is
//! written, and a document is replaced only under the revision that was read. There is no transaction: a crash
//! in between leaves documents that are behind, and the redelivered events complete them.

mod codec;
mod commands;
mod connection;
mod dead_letters;

use async_trait::async_trait;
use domain::ids::{AccountId, TransferId};
use domain::text::CustomerId;
use event_store::Version;
use mongodb::bson::{Bson, Document, doc};

pub use self::dead_letters::MongoDeadLetters;

use self::codec::{account_of, decode, moment_of, transfer_of};
use self::connection::{Connection, to_the_end};
use super::{
    At, Building, Changes, ChangesReceiver, Generation, Generations, StoredAccount, TransferRange, ViewError,
    ViewStore, WriteBatch, Written,
};
use crate::view::{AccountView, EntryPlace, EntryView, Moment, TransferDocument, Views, entries_before};

/// The collection of the one record that says which generations there are.
const GENERATIONS: &str = "generations";
/// The id of that record.
const RECORD: &str = "views";

/// Views in a MongoDB database.
#[derive(Clone)]
pub struct MongoViews {
    connection: Connection,
    changes: Changes,
}

impl MongoViews {
    /// Connects to the server at `url` and creates in `database` what is missing.
    ///
    /// # Errors
    /// [`ViewError::Config`] when the URL is none, [`ViewError::Unavailable`] when no server answers in time.
    pub async fn connect(url: &str, database: &str) -> Result<Self, ViewError> {
        let views = Self { connection: Connection::open(url, database).await?, changes: Changes::new() };
        let first = doc! {
            "_id": RECORD, "active": 1_i64, "building": Bson::Null, "announced": false, "missed": 0_i64, "last": 1_i64,
        };
        views.connection.insert(GENERATIONS, vec![first]).await?;
        let active = views.generations().await?.active;
        views.create_indexes(active).await?;
        Ok(views)
    }

    async fn create_indexes(&self, generation: Generation) -> Result<(), ViewError> {
        let of_accounts = vec![doc! { "key": { "customerId": 1, "_id": 1 }, "name": "by_customer" }];
        let of_moments = vec![
            doc! { "key": { "account": 1, "version": -1 }, "name": "by_version", "unique": true },
            doc! { "key": { "account": 1, "at": -1, "version": -1 }, "name": "by_time" },
        ];
        let of_transfers = vec![doc! { "key": { "accounts": 1, "at": -1, "_id": -1 }, "name": "by_account" }];
        self.connection.create_indexes(&accounts(generation), of_accounts).await?;
        self.connection.create_indexes(&moments(generation), of_moments).await?;
        self.connection.create_indexes(&transfers(generation), of_transfers).await
    }

    async fn write_now(self, generation: Generation, batch: WriteBatch) -> Result<Written, ViewError> {
        let rows = batch.moments.iter().map(codec::moment_row).collect::<Result<_, _>>()?;
        self.connection.insert(&moments(generation), rows).await?;
        let updates = batch.transfers.iter().map(codec::transfer_update).collect::<Result<_, _>>()?;
        self.connection.update(&transfers(generation), updates).await?;
        let updates = batch.accounts.iter().map(codec::account_update).collect::<Result<_, _>>()?;
        let written = self.connection.update(&accounts(generation), updates).await?;
        // Also those that were written before a lost race: whoever waits looks again, which does no harm.
        self.changes.tell(batch.accounts.iter().map(|stored| stored.document.id));
        let all = usize::try_from(written).is_ok_and(|written| written == batch.accounts.len());
        Ok(if all { Written::All } else { Written::Raced })
    }

    async fn begin_now(self) -> Result<Generation, ViewError> {
        let record = self.connection.collection(GENERATIONS);
        let next = to_the_end(async move {
            let count =
                record.find_one_and_update(doc! { "_id": RECORD }, doc! { "$inc": { "last": 1_i64 } });
            count.return_document(mongodb::options::ReturnDocument::After).await
        });
        let next =
            next.await?.ok_or_else(|| ViewError::Failed("the record of generations is gone".to_owned()))?;
        let begun = Generation(codec::integer(&next, "last")?);
        self.create_indexes(begun).await?;
        let building = doc! { "building": begun.0, "announced": false, "missed": 0_i64 };
        self.change_record(doc! {}, doc! { "$set": building }).await?;
        self.drop_leftovers().await?;
        Ok(begun)
    }

    async fn drop_leftovers(&self) -> Result<(), ViewError> {
        let generations = self.generations().await?;
        let kept = [Some(generations.active), generations.building.map(|building| building.generation)];
        for name in self.connection.collections().await? {
            if generation_of(&name).is_some_and(|generation| !kept.contains(&Some(generation))) {
                self.connection.drop_collection(&name).await?;
            }
        }
        Ok(())
    }

    /// Changes the record of generations where `condition` holds, and says whether it did.
    async fn change_record(&self, condition: Document, change: Document) -> Result<bool, ViewError> {
        let mut filter = doc! { "_id": RECORD };
        filter.extend(condition);
        let record = self.connection.collection(GENERATIONS);
        let updated = to_the_end(async move { record.update_one(filter, change).await }).await?;
        Ok(updated.matched_count == 1)
    }
}

#[async_trait]
impl ViewStore for MongoViews {
    fn system(&self) -> &'static str {
        "mongodb"
    }

    async fn generations(&self) -> Result<Generations, ViewError> {
        let found = self.connection.find(GENERATIONS, doc! { "_id": RECORD }, doc! {}, 1).await?;
        let record =
            found.first().ok_or_else(|| ViewError::Failed("the record of generations is gone".to_owned()))?;
        codec::generations(record)
    }

    async fn accounts(
        &self,
        generation: Generation,
        ids: &[AccountId],
    ) -> Result<Vec<StoredAccount>, ViewError> {
        let found = self.connection.find_ids(&accounts(generation), ids).await?;
        found.into_iter().map(account_of).collect()
    }

    async fn transfers(
        &self,
        generation: Generation,
        ids: &[TransferId],
    ) -> Result<Vec<TransferDocument>, ViewError> {
        let found = self.connection.find_ids(&transfers(generation), ids).await?;
        found.into_iter().map(transfer_of).collect()
    }

    async fn write(&self, generation: Generation, batch: WriteBatch) -> Result<Written, ViewError> {
        // A task of its own: the order of the three steps does not depend on the caller's patience.
        let write = tokio::spawn(self.clone().write_now(generation, batch));
        write.await.map_err(|failure| ViewError::Unavailable(failure.to_string()))?
    }

    async fn list_accounts(
        &self,
        generation: Generation,
        customer: Option<&CustomerId>,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<AccountView>, ViewError> {
        let customer =
            customer.map_or_else(|| doc! { "$ne": Bson::Null }, |customer| doc! { "$eq": customer.as_str() });
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let filter = doc! { "customerId": customer, "_id": { "$gt": after } };
        let found = self.connection.find(&accounts(generation), filter, doc! { "_id": 1 }, limit).await?;
        let views = found.into_iter().map(|row| Ok(account_of(row)?.document.view()));
        views.filter_map(Result::transpose).collect()
    }

    async fn list_entries(
        &self,
        generation: Generation,
        account: AccountId,
        before: Option<EntryPlace>,
        limit: usize,
    ) -> Result<Vec<EntryView>, ViewError> {
        let end = before.map_or(i64::MAX, |before| before.end_of_versions().0);
        let filter = doc! { "account": account.to_string(), "version": { "$lt": end }, "isEntry": true };
        let found = self.connection.find(&moments(generation), filter, doc! { "version": -1 }, limit).await?;
        let moments = found.into_iter().map(moment_of).collect::<Result<Vec<_>, _>>()?;
        Ok(entries_before(&moments, before, limit))
    }

    async fn list_transfers(
        &self,
        generation: Generation,
        account: AccountId,
        range: TransferRange,
        limit: usize,
    ) -> Result<Vec<TransferDocument>, ViewError> {
        let mut filter = doc! { "accounts": account.to_string() };
        if let Some(until) = range.until {
            filter.insert("at", doc! { "$lte": until.timestamp_micros() });
        }
        if let Some((at, id)) = range.after {
            let at = at.timestamp_micros();
            filter.insert(
                "$or",
                vec![doc! { "at": { "$lt": at } }, doc! { "at": at, "_id": { "$lt": id.to_string() } }],
            );
        }
        let order = doc! { "at": -1, "_id": -1 };
        let found = self.connection.find(&transfers(generation), filter, order, limit).await?;
        found.into_iter().map(transfer_of).collect()
    }

    async fn moment(
        &self,
        generation: Generation,
        account: AccountId,
        at: At,
    ) -> Result<Option<Moment>, ViewError> {
        let mut filter = doc! { "account": account.to_string() };
        let order = match at {
            At::Version(version) => {
                filter.insert("version", doc! { "$lte": version.0 });
                doc! { "version": -1 }
            }
            At::Time(time) => {
                filter.insert("at", doc! { "$lte": time.timestamp_micros() });
                // By version, not by time: clocks may differ, and what follows in the stream came later.
                doc! { "version": -1 }
            }
        };
        let found = self.connection.find(&moments(generation), filter, order, 1).await?;
        found.into_iter().next().map(moment_of).transpose()
    }

    async fn list_changes(
        &self,
        generation: Generation,
        account: AccountId,
        after: Version,
        until: Version,
        limit: usize,
    ) -> Result<Vec<Moment>, ViewError> {
        let versions = doc! { "$gt": after.0, "$lte": until.0 };
        let filter = doc! { "account": account.to_string(), "version": versions, "isEntry": true };
        let found = self.connection.find(&moments(generation), filter, doc! { "version": 1 }, limit).await?;
        found.into_iter().map(moment_of).collect()
    }

    async fn everything(&self, generation: Generation) -> Result<Views, ViewError> {
        let accounts = self.connection.find_all(&accounts(generation)).await?;
        let moments = self.connection.find_all(&moments(generation)).await?;
        let transfers = self.connection.find_all(&transfers(generation)).await?;
        Ok(Views::of(
            accounts.into_iter().map(decode).collect::<Result<_, _>>()?,
            moments.into_iter().map(decode).collect::<Result<_, _>>()?,
            transfers.into_iter().map(decode).collect::<Result<_, _>>()?,
        ))
    }

    async fn begin_generation(&self) -> Result<Generation, ViewError> {
        self.clone().begin_now().await
    }

    async fn announce(&self, generation: Generation) -> Result<bool, ViewError> {
        let change = doc! { "$set": { "announced": true } };
        self.change_record(doc! { "building": generation.0 }, change).await
    }

    async fn note_missed(&self, generation: Generation) -> Result<bool, ViewError> {
        let change = doc! { "$inc": { "missed": 1_i64 } };
        self.change_record(doc! { "building": generation.0 }, change).await
    }

    async fn switch(&self, building: Building) -> Result<bool, ViewError> {
        let number = building.generation.0;
        let condition =
            doc! { "building": number, "announced": building.announced, "missed": building.missed };
        let record = doc! { "active": number, "building": Bson::Null, "announced": false, "missed": 0_i64 };
        self.change_record(condition, doc! { "$set": record }).await
    }

    async fn drop_generation(&self, generation: Generation) -> Result<(), ViewError> {
        let generations = self.generations().await?;
        let building = generations.building.map(|building| building.generation);
        if generation == generations.active || Some(generation) == building {
            return Ok(());
        }
        for name in [accounts(generation), moments(generation), transfers(generation)] {
            self.connection.drop_collection(&name).await?;
        }
        Ok(())
    }

    fn changes(&self) -> ChangesReceiver {
        self.changes.listen()
    }

    async fn ping(&self) -> Result<(), ViewError> {
        self.connection.run(doc! { "ping": 1 }).await.map(drop)
    }

    async fn close(&self) {
        self.connection.close().await;
    }
}

fn accounts(generation: Generation) -> String {
    format!("accounts_{}", generation.0)
}

fn moments(generation: Generation) -> String {
    format!("moments_{}", generation.0)
}

fn transfers(generation: Generation) -> String {
    format!("transfers_{}", generation.0)
}

/// The generation that a collection belongs to, if it is one of views.
fn generation_of(collection: &str) -> Option<Generation> {
    let (kind, number) = collection.rsplit_once('_')?;
    let is_view = matches!(kind, "accounts" | "moments" | "transfers");
    is_view.then(|| number.parse().ok().map(Generation)).flatten()
}
