//! A small bank in memory that makes real events: the domain decides, the saga's own list moves transfers on.

use std::collections::{BTreeMap, HashMap, VecDeque};

use chrono::{DateTime, Duration, Utc};
use domain::account::{Account, AccountCommand, AccountEvent};
use domain::bulk_transfer::{BulkDetails, BulkLine};
use domain::event::encode;
use domain::ids::{AccountId, BulkId, HoldId, TransferId};
use domain::money::{Amount, AmountOrZero, Currency, Money};
use domain::text::Actor;
use domain::transfer::{MoneyTransfer, TransferCommand, TransferDetails, TransferEvent, saga};
use domain::{Aggregate, DomainEvent};
use event_store::{CommitId, Metadata, RecordedEvent, StreamId, Version};
use uuid::Uuid;

/// Everything that ever happened, and where it led.
pub(crate) struct World {
    pub(crate) events: Vec<RecordedEvent>,
    pub(crate) random: Random,
    now: DateTime<Utc>,
    accounts: HashMap<AccountId, Account>,
    transfers: HashMap<TransferId, MoneyTransfer>,
    bulks: HashMap<BulkId, BulkDetails>,
    versions: HashMap<Uuid, i64>,
    /// Events whose consequences have not been drawn yet.
    pending: VecDeque<RecordedEvent>,
}

/// SplitMix64: the same seed gives the same test again.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % bound as u64).expect("below a usize")
    }

    pub(crate) fn id(&mut self) -> Uuid {
        let half = || u64::from_be_bytes(*b"\0\0\0\0\0\0\0\x01");
        let (high, low) = (self.below(usize::MAX) as u64 | half(), self.below(usize::MAX) as u64);
        Uuid::from_u64_pair(high, low)
    }
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            events: Vec::new(),
            random: Random::new(seed),
            now: "2026-01-31T12:00:00Z".parse().expect("a time"),
            accounts: HashMap::new(),
            transfers: HashMap::new(),
            bulks: HashMap::new(),
            versions: HashMap::new(),
            pending: VecDeque::new(),
        }
    }

    /// Some accounts and transfers with every kind of end.
    pub(crate) fn busy(seed: u64, steps: usize) -> Self {
        let mut world = Self::new(seed);
        let accounts: Vec<AccountId> =
            (0..4).map(|n| world.open(&format!("customer-{}", n % 2), 1_000)).collect();
        let never_opened = AccountId(world.random.id());
        let opened_late = AccountId(world.random.id());
        for step in 0..steps {
            let from = accounts[world.random.below(accounts.len())];
            let to = accounts[world.random.below(accounts.len())];
            let amount = 1 + world.random.below(700) as u64;
            match world.random.below(22) {
                0 => world.account(from, |now| AccountCommand::Deposit {
                    actor: operator(),
                    money: usd(amount),
                    memo: None,
                    now,
                }),
                1 => world.account(from, |now| AccountCommand::Withdraw {
                    actor: operator(),
                    money: usd(amount),
                    memo: None,
                    now,
                }),
                2 => {
                    world.account(from, |now| AccountCommand::Freeze { actor: operator(), reason: None, now })
                }
                3 | 4 => world.account(from, |now| AccountCommand::Unfreeze {
                    actor: operator(),
                    reason: None,
                    now,
                }),
                5 => drop(world.transfer(never_opened, to, amount)),
                6 => drop(world.transfer(from, never_opened, amount)),
                7 => drop(world.transfer(from, opened_late, amount)),
                8 => {
                    let transfer = world.transfer(from, to, amount);
                    world.cancel(transfer);
                }
                14 | 15 => {
                    let hold_id = HoldId(world.random.id());
                    world.account(from, |now| AccountCommand::PlaceHold {
                        actor: operator(),
                        hold_id,
                        money: usd(amount),
                        memo: "hotel".parse().ok(),
                        expires_at: now + Duration::milliseconds(20),
                        now,
                    });
                }
                16 => world.end_hold(from, amount),
                17 => world.account(from, |now| AccountCommand::ExpireHolds { now }),
                18 => world.account(from, |now| AccountCommand::SetOverdraftLimit {
                    actor: operator(),
                    limit: AmountOrZero::new(amount).expect("a limit"),
                    currency: usd(1).currency,
                    now,
                }),
                19 => world.account(from, |now| AccountCommand::SetDailyTransferLimit {
                    actor: operator(),
                    limit: Amount::new(2 * amount).ok(),
                    currency: usd(1).currency,
                    now,
                }),
                20 | 21 => {
                    let others = accounts.iter().filter(|account| **account != from);
                    let lines = others.chain([&never_opened]).map(|to| (*to, 1 + amount / 10));
                    world.pay_many(from, lines.collect());
                }
                _ => drop(world.transfer(from, to, amount)),
            }
            if step == steps / 2 {
                world.open_as(opened_late, "customer-late", 10);
            }
            if world.random.below(3) == 0 {
                world.settle();
            }
        }
        world.settle();
        world
    }

    /// Captures a hold, for the one half of amounts, and voids it for the other.
    fn end_hold(&mut self, id: AccountId, amount: u64) {
        let opened = self.accounts.get(&id).and_then(Account::opened);
        let Some((hold_id, hold)) = opened.and_then(|opened| opened.open_holds(self.now).next()) else {
            return;
        };
        let captured = Amount::new(amount).ok().filter(|captured| *captured <= hold.amount);
        let actor = operator();
        self.account(id, |now| match amount % 2 {
            0 => AccountCommand::CaptureHold { actor, hold_id, amount: captured, now },
            _ => AccountCommand::VoidHold { actor, hold_id, now },
        });
    }

    pub(crate) fn open(&mut self, customer: &str, balance: u64) -> AccountId {
        let id = AccountId(Uuid::now_v7());
        self.open_as(id, customer, balance);
        id
    }

    pub(crate) fn open_as(&mut self, id: AccountId, customer: &str, balance: u64) {
        let customer_id = customer.parse().expect("a customer id");
        self.account(id, |now| AccountCommand::Open {
            actor: operator(),
            account_id: id,
            customer_id,
            title: "Daily".parse().expect("a title"),
            currency: usd(1).currency,
            initial_balance: Amount::new(balance).ok(),
            now,
        });
    }

    pub(crate) fn deposit(&mut self, id: AccountId, amount: u64) {
        self.deposit_for(id, amount, "pay");
    }

    pub(crate) fn deposit_for(&mut self, id: AccountId, amount: u64, memo: &str) {
        let memo = memo.parse().ok();
        let money = usd(amount);
        self.account(id, |now| AccountCommand::Deposit { actor: operator(), money, memo, now });
    }

    pub(crate) fn withdraw(&mut self, id: AccountId, amount: u64) {
        let money = usd(amount);
        self.account(id, |now| AccountCommand::Withdraw { actor: operator(), money, memo: None, now });
    }

    pub(crate) fn wait(&mut self, time: Duration) {
        self.now += time;
    }

    /// A transfer that is created and goes no further until [`World::settle`].
    pub(crate) fn transfer(&mut self, from: AccountId, to: AccountId, amount: u64) -> TransferId {
        let transfer_id = TransferId(self.random.id());
        let details = TransferDetails {
            transfer_id,
            from_account_id: from,
            to_account_id: to,
            money: usd(amount),
            memo: "rent".parse().ok(),
            actor: None,
            deadline: self.now + Duration::days(1),
            reversal_of: None,
            bulk_id: None,
            order_id: None,
        };
        self.transfer_command(transfer_id, |now| TransferCommand::Create { details, now });
        transfer_id
    }

    /// A bulk transfer whose source has answered; what it debited goes on with [`World::settle`].
    pub(crate) fn pay_many(&mut self, from: AccountId, lines: Vec<(AccountId, u64)>) {
        let bulk_id = BulkId(self.random.id());
        let line = |(place, (to, amount)): (usize, (AccountId, u64))| {
            BulkLine::at(bulk_id, place, to, usd(amount).amount, "wages".parse().ok())
        };
        let bulk = BulkDetails {
            bulk_id,
            from_account_id: from,
            currency: usd(1).currency,
            lines: lines.into_iter().enumerate().map(line).collect(),
            actor: None,
            deadline: self.now + Duration::days(1),
        };
        self.bulks.insert(bulk_id, bulk.clone());
        self.account(from, |now| AccountCommand::DebitLines { bulk, now });
    }

    /// Makes transfers of the lines that were debited.
    fn start_lines(&mut self, event: &AccountEvent) {
        let AccountEvent::AccountLinesDebited { bulk_id, owner, .. } = event else { return };
        let bulk = self.bulks[bulk_id].clone();
        for line in &bulk.lines {
            let (details, owner) = (bulk.transfer_of(line), owner.clone());
            self.transfer_command(line.transfer_id, |now| TransferCommand::CreateDebited {
                details,
                owner,
                now,
            });
        }
    }

    pub(crate) fn cancel(&mut self, transfer: TransferId) {
        self.transfer_command(transfer, |now| TransferCommand::Cancel {
            actor: operator(),
            reason: None,
            now,
        });
    }

    /// Draws every consequence, as the two command sides do.
    pub(crate) fn settle(&mut self) {
        while let Some(event) = self.pending.pop_front() {
            if event.stream.aggregate_type == Account::TYPE {
                let event = event.decode().expect("an account event");
                self.start_lines(&event);
                if let Some((transfer, _, command)) = saga::transfer_commands_after(&event) {
                    self.transfer_command(transfer, |_| command);
                }
            } else {
                let event: TransferEvent = event.decode().expect("a transfer event");
                // The account decides, and records, at the next tick.
                let then = self.now + Duration::milliseconds(1);
                if let Some((account, _, command, _)) = saga::account_commands_after(&event, then) {
                    self.account(account, |_| command);
                }
            }
        }
    }

    /// A refusal is nothing that happened.
    pub(crate) fn account(&mut self, id: AccountId, command: impl FnOnce(DateTime<Utc>) -> AccountCommand) {
        let now = self.tick();
        let account = self.accounts.remove(&id).unwrap_or_default();
        let (account, events) = decided(account, &command(now));
        self.accounts.insert(id, account);
        self.record(Account::TYPE, id.0, events);
    }

    fn transfer_command(&mut self, id: TransferId, command: impl FnOnce(DateTime<Utc>) -> TransferCommand) {
        let now = self.tick();
        let transfer = self.transfers.remove(&id).unwrap_or_default();
        let (transfer, events) = decided(transfer, &command(now));
        self.transfers.insert(id, transfer);
        self.record(MoneyTransfer::TYPE, id.0, events);
    }

    pub(crate) fn folded_transfer(&self, id: TransferId) -> &MoneyTransfer {
        &self.transfers[&id]
    }

    pub(crate) fn folded_account(&self, id: AccountId) -> &Account {
        &self.accounts[&id]
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// The events of one stream.
    pub(crate) fn stream(&self, id: Uuid) -> Vec<RecordedEvent> {
        self.events.iter().filter(|event| event.stream.aggregate_id == id).cloned().collect()
    }

    fn record<E: DomainEvent>(&mut self, aggregate_type: &str, id: Uuid, events: Vec<E>) {
        for event in events {
            let encoded = encode(&event).expect("an event");
            let version = self.versions.entry(id).or_default();
            *version += 1;
            let recorded = RecordedEvent {
                stream: StreamId::new(aggregate_type, id),
                version: Version(*version),
                event_id: Uuid::now_v7(),
                event_type: encoded.event_type,
                schema_version: encoded.schema_version,
                payload: encoded.payload,
                metadata: Metadata::default(),
                command_id: Uuid::now_v7(),
                recorded_at: self.now,
                commit_id: CommitId(self.events.len() as i64),
                ordinal: 0,
            };
            self.events.push(recorded.clone());
            self.pending.push_back(recorded);
        }
    }

    fn tick(&mut self) -> DateTime<Utc> {
        self.now += Duration::milliseconds(1);
        self.now
    }
}

fn decided<A: Aggregate>(aggregate: A, command: &A::Command) -> (A, Vec<A::Event>) {
    let events = aggregate.decide(command).unwrap_or_default();
    (aggregate.fold(&events), events)
}

fn operator() -> Actor {
    "operator:olive".parse().expect("an actor")
}

pub(crate) fn usd(amount: u64) -> Money {
    let currency: Currency = "USD".parse().expect("a currency");
    Money::new(Amount::new(amount).expect("an amount"), currency)
}

/// The events in an order in which two topics could deliver them: each stream's in order, everything else mixed,
/// in batches, with old ones coming again.
pub(crate) fn shuffled(events: &[RecordedEvent], random: &mut Random) -> Vec<Vec<RecordedEvent>> {
    let mut streams: BTreeMap<&StreamId, VecDeque<&RecordedEvent>> = BTreeMap::new();
    for event in events {
        streams.entry(&event.stream).or_default().push_back(event);
    }
    let mut streams: Vec<VecDeque<&RecordedEvent>> = streams.into_values().collect();
    let (mut batches, mut batch, mut sent) = (Vec::new(), Vec::new(), Vec::<&RecordedEvent>::new());
    while !streams.is_empty() {
        let chosen = random.below(streams.len());
        if let Some(event) = streams[chosen].pop_front() {
            batch.push(event.clone());
            sent.push(event);
        }
        if streams[chosen].is_empty() {
            streams.swap_remove(chosen);
        }
        if random.below(4) == 0 {
            batch.push(sent[random.below(sent.len())].clone());
        }
        if random.below(8) == 0 {
            batches.push(std::mem::take(&mut batch));
        }
    }
    batches.push(batch);
    batches
}
