//! What stops a transfer: the hop between two services at which it waits.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use domain::transfer::PendingStep;
use event_store::EventStore;
use messaging::{Bus, ParkedKey, topic_of};
use serde::Serialize;
use service_kit::Failure;
use uuid::Uuid;

use super::facts::Facts;
use super::failed;
use crate::config::Config;
use crate::outboxes::unpublished;
use crate::parts::Urls;
use crate::redrive::Reader;

/// The hop at which a transfer waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "hop", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub(super) enum Stop {
    /// Nobody has published it yet.
    Outbox { service: &'static str, event_type: String },
    /// Nobody can read it until somebody redrives what it waits behind.
    DeadLetter { service: &'static str, key: String, reason: String, letters: u64 },
    /// It is published, and its reader has not come so far.
    NotConsumed { service: &'static str, lag: u64 },
    /// It was read, and the account does not answer.
    NoAnswer { account: Uuid },
    /// The account has no room for the refund now.
    WaitsForLimit { account: Uuid },
    /// The answer was read, and the transfer has not recorded it.
    NotRecorded { event_type: String },
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outbox { service, event_type } => {
                write!(f, "{event_type} waits in the outbox of {service}")
            }
            Self::DeadLetter { service, key, reason, letters } => {
                write!(f, "dead letter at {service} ({letters} messages of {key} wait): {reason}")
            }
            Self::NotConsumed { service, lag } => {
                write!(f, "not consumed: {service} is {lag} messages behind")
            }
            Self::NoAnswer { account } => write!(f, "account {account} has no answer"),
            Self::WaitsForLimit { account } => {
                write!(f, "the refund waits for room below the limit of account {account}")
            }
            Self::NotRecorded { event_type } => {
                write!(
                    f,
                    "{event_type} was published and read, and is not recorded: a retry has it said again"
                )
            }
        }
    }
}

/// What surrounds all transfers, looked at once.
pub(super) struct Surroundings {
    /// Events that are in an outbox.
    pub(super) unpublished: HashSet<Uuid>,
    accounts: Consumer,
    transfers: Consumer,
    /// Of the reader that builds the views.
    pub(super) history_lag: u64,
    /// Every key that waits, with its reader.
    pub(super) parked: Vec<(&'static str, ParkedKey)>,
}

struct Consumer {
    name: &'static str,
    lag: u64,
}

impl Surroundings {
    pub(super) async fn look(
        config: &Config,
        accounts_store: &Arc<dyn EventStore>,
        transfers_store: &Arc<dyn EventStore>,
    ) -> Result<Self, Failure> {
        let urls = Urls::of(config);
        let unpublished = unpublished(&[accounts_store, transfers_store]).await.map_err(failed)?;
        let bus = urls.read_bus().await.map_err(failed)?;
        let lag = |group: &str, of: &[&str]| lag(Arc::clone(&bus), group.to_owned(), topics(of));
        let accounts_lag = lag(&config.accounts_subscription_id, &accounts::READS).await?;
        let transfers_lag = lag(&config.transfers_subscription_id, &transfers::READS).await?;
        let history_lag = lag(&config.history_subscription_id, &account_history::READS).await?;
        bus.close().await;
        let mut parked = Vec::new();
        for reader in Reader::ALL {
            let letters = reader.letters(&urls).await?;
            let keys = letters.parked(reader.subscription_id(config)).await.map_err(failed)?;
            parked.extend(keys.into_iter().map(|key| (reader.service(), key)));
        }
        Ok(Self {
            unpublished,
            accounts: Consumer { name: Reader::Accounts.service(), lag: accounts_lag },
            transfers: Consumer { name: Reader::Transfers.service(), lag: transfers_lag },
            history_lag,
            parked,
        })
    }

    /// Where it waits; `None` when it has ended.
    pub(super) fn stop_of(&self, facts: &Facts) -> Option<Stop> {
        let pending = facts.transfer.pending_step()?;
        let details = &facts.transfer.details;
        let account = match pending {
            PendingStep::Credit => details.to_account_id.0,
            PendingStep::Debit | PendingStep::Reversal { .. } => details.from_account_id.0,
        };
        let Some(answer) = facts.pending_answer() else {
            let asked = facts.events.last()?;
            let silent = match pending {
                PendingStep::Reversal { .. } => Stop::WaitsForLimit { account },
                _ => Stop::NoAnswer { account },
            };
            let before = self.before(facts.id.0, asked, &self.accounts, "transfers");
            return Some(before.unwrap_or(silent));
        };
        let not_recorded = Stop::NotRecorded { event_type: answer.event_type.clone() };
        Some(self.before(account, answer, &self.transfers, "accounts").unwrap_or(not_recorded))
    }

    /// What keeps `event`, a message of `key`, from being handled by its reader.
    fn before(
        &self,
        key: Uuid,
        event: &event_store::RecordedEvent,
        reader: &Consumer,
        owner: &'static str,
    ) -> Option<Stop> {
        let service = reader.name;
        let key = key.to_string();
        let parked = self.parked.iter().find(|(of, parked)| *of == service && parked.key == key);
        if self.unpublished.contains(&event.event_id) {
            Some(Stop::Outbox { service: owner, event_type: event.event_type.clone() })
        } else if let Some((_, parked)) = parked {
            Some(Stop::DeadLetter { service, key, reason: parked.reason.clone(), letters: parked.letters })
        } else {
            (reader.lag > 0).then_some(Stop::NotConsumed { service, lag: reader.lag })
        }
    }
}

fn topics(aggregate_types: &[&str]) -> Vec<String> {
    aggregate_types.iter().map(|of| topic_of(of)).collect()
}

async fn lag(bus: Arc<dyn Bus>, group: String, topics: Vec<String>) -> Result<u64, Failure> {
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    bus.lag(&group, &topics).await.map_err(failed)
}
