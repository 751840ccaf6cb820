//! What the vault must hold of whom, for `bank verify`.

use std::collections::{BTreeMap, HashMap};

use domain::customer::{Customer, CustomerStatus, KnownCustomer};
use uuid::Uuid;

use super::{EmailLookup, Vault, VaultError, parse_id};
use crate::application::Profile;
use crate::sealing::CustomerKey;

/// Something about a customer that is in the vault and must not be, or the other way round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discrepancy {
    /// The customer.
    pub customer: Uuid,
    /// What is wrong; it says nothing about the person.
    pub detail: &'static str,
}

/// Everything in the vault that the events say something about.
struct Contents {
    keys: HashMap<Uuid, CustomerKey>,
    holders: HashMap<Vec<u8>, Uuid>,
}

impl Vault {
    /// Compares the vault with what the events say: whoever is a customer has a key that opens their profile, and holds
    /// the address in it, which nobody else has; and nothing is left of whoever was erased.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub async fn examine(&self, customers: &BTreeMap<Uuid, Customer>) -> anyhow::Result<Vec<Discrepancy>> {
        let contents = self.contents().await?;
        let mut owners = HashMap::new();
        let mut found = Vec::new();
        for (id, customer) in customers {
            let detail = match customer.known() {
                Some(known) if known.status == CustomerStatus::Active => {
                    self.examine_active(*id, known, &contents, &mut owners)
                }
                Some(known) if known.status == CustomerStatus::Erased && contents.keys.contains_key(id) => {
                    Some("was erased, and the vault has their key")
                }
                _ => None,
            };
            found.extend(detail.map(|detail| Discrepancy { customer: *id, detail }));
        }
        Ok(found)
    }

    fn examine_active(
        &self,
        id: Uuid,
        known: &KnownCustomer,
        contents: &Contents,
        owners: &mut HashMap<Vec<u8>, Uuid>,
    ) -> Option<&'static str> {
        let Some(key) = contents.keys.get(&id) else {
            return Some("is a customer, and the vault has no key of theirs");
        };
        let Ok(profile) = Profile::open(id, known, key) else {
            return Some("has a key that does not open their profile");
        };
        let EmailLookup(lookup) = self.lookup(&profile.email);
        if owners.insert(lookup.clone(), id).is_some() {
            return Some("has the same address as another customer");
        }
        match contents.holders.get(&lookup) {
            Some(holder) if *holder == id => None,
            _ => Some("does not hold the address of their profile"),
        }
    }

    async fn contents(&self) -> Result<Contents, VaultError> {
        let customers: Vec<(String, Vec<u8>)> = sqlx::query_as(include_str!("../../sql/all_customers.sql"))
            .fetch_all(&self.database.pool)
            .await?;
        let emails: Vec<(Vec<u8>, String)> =
            sqlx::query_as(include_str!("../../sql/all_emails.sql")).fetch_all(&self.database.pool).await?;
        let key = |(id, key): &(String, Vec<u8>)| {
            let key = CustomerKey::from_bytes(key).ok_or(VaultError::Corrupt("a key of another length"))?;
            Ok((parse_id(id)?, key))
        };
        let holder = |(lookup, id): (Vec<u8>, String)| Ok((lookup, parse_id(&id)?));
        Ok(Contents {
            keys: customers.iter().map(key).collect::<Result<_, VaultError>>()?,
            holders: emails.into_iter().map(holder).collect::<Result<_, VaultError>>()?,
        })
    }
}
