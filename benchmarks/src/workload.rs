//! The work that every contender does: open an account, pay in twenty times, take the next account.
//!
//! Every command causes one event whose payload has [`PAYLOAD_BYTES`] or a few bytes less, for every contender alike:
//! a memo and a title fill up what the other fields leave.

use chrono::{DateTime, SubsecRound, Utc};
use domain::account::AccountCommand;
use domain::ids::AccountId;
use domain::money::{Amount, Money};
use domain::text::{CustomerId, Memo, Title};
use uuid::Uuid;

/// How often money is paid into an account before the next one is opened.
pub(crate) const DEPOSITS_PER_ACCOUNT: u32 = 20;
/// What is paid in, in minor units.
pub(crate) const DEPOSIT: u64 = 100;
/// The longest payload of an event, in bytes of JSON.
pub(crate) const PAYLOAD_BYTES: usize = 200;
/// The event types, as the domain names them.
pub(crate) const OPENED: &str = "AccountOpened";
/// See [`OPENED`].
pub(crate) const DEPOSITED: &str = "AccountDeposited";

/// A deposit's payload without its memo, with a balance of up to seven digits.
const DEPOSITED_FIELDS: usize = 104;
/// An opening's payload without its title.
const OPENED_FIELDS: usize = 141;
const CUSTOMER: &str = "customer-1";

/// Where a contender keeps the type of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventType {
    /// Beside the payload.
    Beside,
    /// In the payload, as `{"type":"…","data":{…}}`, which must not make it longer.
    InPayload,
}

impl EventType {
    fn bytes(self, name: &str) -> usize {
        match self {
            Self::Beside => 0,
            Self::InPayload => r#"{"type":"","data":}"#.len() + name.len(),
        }
    }
}

/// Makes the commands of one contender.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    customer: CustomerId,
    title: Title,
    memo: Memo,
    money: Money,
}

impl Work {
    pub(crate) fn new(event_type: EventType) -> anyhow::Result<Self> {
        let fill = |fields: usize, name| "x".repeat(PAYLOAD_BYTES - fields - event_type.bytes(name));
        Ok(Self {
            customer: CUSTOMER.parse()?,
            title: fill(OPENED_FIELDS, OPENED).parse()?,
            memo: fill(DEPOSITED_FIELDS, DEPOSITED).parse()?,
            money: Money::new(Amount::new(DEPOSIT)?, "USD".parse()?),
        })
    }

    /// Opens the account `id`, empty.
    pub(crate) fn open(&self, id: Uuid) -> AccountCommand {
        AccountCommand::Open {
            actor: self.customer.clone().into(),
            account_id: AccountId(id),
            customer_id: self.customer.clone(),
            title: self.title.clone(),
            currency: self.money.currency,
            initial_balance: None,
            now: now(),
        }
    }

    /// Pays [`DEPOSIT`] in.
    pub(crate) fn deposit(&self) -> AccountCommand {
        AccountCommand::Deposit {
            actor: self.customer.clone().into(),
            money: self.money,
            memo: Some(self.memo.clone()),
            now: now(),
        }
    }

    pub(crate) fn money(&self) -> Money {
        self.money
    }

    pub(crate) fn memo(&self) -> &str {
        self.memo.as_str()
    }

    pub(crate) fn title(&self) -> &str {
        self.title.as_str()
    }

    pub(crate) fn customer(&self) -> &str {
        self.customer.as_str()
    }
}

/// Now, in whole microseconds, as the stores keep it.
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

#[cfg(test)]
mod tests {
    use domain::Aggregate;
    use domain::account::{Account, AccountEvent};
    use domain::event::encode;

    use super::*;

    fn events(work: &Work) -> [AccountEvent; 2] {
        let opened = Account::default().decide(&work.open(Uuid::now_v7())).unwrap().remove(0);
        let deposited = Account::default().evolve(&opened).decide(&work.deposit()).unwrap().remove(0);
        [opened, deposited]
    }

    #[test]
    fn payloads_are_as_long_for_every_contender() {
        let beside = events(&Work::new(EventType::Beside).unwrap());
        let inside = events(&Work::new(EventType::InPayload).unwrap());
        for (beside, inside) in beside.iter().zip(&inside) {
            let ours = encode(beside).unwrap().payload.to_string().len();
            let peers = serde_json::to_string(inside).unwrap().len();
            // The time's last digits are left out when they are zeros.
            for length in [ours, peers] {
                assert!((PAYLOAD_BYTES - 10..=PAYLOAD_BYTES).contains(&length), "{length}: {beside:?}");
            }
        }
    }
}
