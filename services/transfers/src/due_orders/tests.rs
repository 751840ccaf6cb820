//! Sweepers that look at the same moment, and one that was away for long.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use domain::bulk_transfer::{BulkDetails, BulkTransfer};
use domain::ids::{AccountId, OrderId};
use domain::money::{Amount, Money};
use domain::order::{Interval, IntervalUnit, MOST_AT_ONCE, OrderDetails, OrderEvent, Schedule};
use domain::text::Actor;
use domain::transfer::{MoneyTransfer, RefusalReason, TransferDetails};
use event_store::{Clock, CommandContext, Commands, EventStore, LaneSettings, Repository};
use futures::future::join_all;
use service_kit::http::CursorKey;
use tempfile::TempDir;

use super::*;
use crate::application::{Orders, new_order_id};
use crate::trials::Trials;

/// Stands still.
struct At(DateTime<Utc>);

impl Clock for At {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}

struct Nobody;

#[async_trait]
impl Trials for Nobody {
    async fn refusal(&self, _: &TransferDetails) -> Result<Option<RefusalReason>, StoreError> {
        Ok(None)
    }

    async fn bulk_refusal(&self, _: &BulkDetails) -> Result<Option<RefusalReason>, StoreError> {
        Ok(None)
    }
}

/// Minutes after the new year in which the tests play.
fn minutes(minutes: i64) -> DateTime<Utc> {
    "2026-01-01T00:00:00Z".parse::<DateTime<Utc>>().expect("a time") + TimeDelta::minutes(minutes)
}

fn days(days: i64) -> DateTime<Utc> {
    minutes(days * 24 * 60)
}

/// The service as one of its processes has it: with states in a memory of its own, over the same store.
fn process(store: &Arc<dyn EventStore>, now: DateTime<Utc>) -> Application {
    let clock: Arc<dyn Clock> = Arc::new(At(now));
    let orders = Repository::<TransferOrder>::new(Arc::clone(store), Arc::clone(&clock), 5);
    let repository = Repository::<MoneyTransfer>::new(Arc::clone(store), Arc::clone(&clock), 0);
    let bulks = Repository::<BulkTransfer>::new(Arc::clone(store), Arc::clone(&clock), 0);
    let lanes = LaneSettings::default();
    Application {
        commands: Commands::lanes(repository.clone(), &lanes),
        repository,
        bulk_commands: Commands::lanes(bulks.clone(), &lanes),
        bulks,
        orders: Orders { commands: Commands::lanes(orders.clone(), &lanes), repository: orders },
        store: Arc::clone(store),
        clock,
        deadline: Duration::from_secs(60),
        trials: Arc::new(Nobody),
        cursors: CursorKey::derived_from(b"a secret"),
    }
}

/// Each day at ten past midnight, from the first on.
async fn place(application: &Application) -> OrderId {
    let order = OrderDetails {
        order_id: new_order_id(),
        from_account_id: AccountId(Uuid::from_u128(1)),
        to_account_id: AccountId(Uuid::from_u128(2)),
        money: Money::new(Amount::new(5).expect("an amount"), "USD".parse().expect("a currency")),
        memo: None,
        schedule: Schedule {
            start_date: "2026-01-01".parse().expect("a date"),
            time_of_day: "00:10".parse().expect("a time"),
            time_zone: "UTC".parse().expect("a zone"),
            every: Some(Interval { number: 1, unit: IntervalUnit::Days }),
            end_date: None,
            count: Some(50),
        },
    };
    let id = order.order_id;
    let owner: Actor = "ada".parse().expect("an actor");
    application.place_order(owner, order, CommandContext::new(Uuid::now_v7())).await.expect("it is placed");
    id
}

async fn open(dir: &TempDir) -> Arc<dyn EventStore> {
    let url = format!("sqlite://{}", dir.path().join("transfers.sqlite").display());
    event_store::open(&url).await.expect("the store opens")
}

/// The numbers of the due dates that each order has recorded, in their order.
async fn recorded(store: &Arc<dyn EventStore>) -> Vec<Vec<u32>> {
    let mut orders: Vec<(Uuid, Vec<u32>)> = Vec::new();
    for event in store.read_all(TransferOrder::TYPE).await.expect("the store can be read") {
        let id = event.stream.aggregate_id;
        match event.decode().expect("an event of an order") {
            OrderEvent::TransferDue { due, .. } => match orders.last_mut() {
                Some((last, numbers)) if *last == id => numbers.push(due.number),
                _ => orders.push((id, vec![due.number])),
            },
            OrderEvent::TransferOrderPlaced { .. } | OrderEvent::TransferOrderCancelled { .. } => {}
        }
    }
    orders.into_iter().map(|(_, numbers)| numbers).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_sweepers_at_once_record_each_due_date_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(&dir).await;
    let early = process(&store, minutes(0));
    for _ in 0..30 {
        place(&early).await;
    }
    let sweepers = [process(&store, days(3)), process(&store, days(3)), process(&store, days(3))];

    for outcome in join_all(sweepers.iter().map(sweep)).await {
        outcome.expect("the store can be read");
    }

    assert_eq!(recorded(&store).await, vec![vec![1, 2, 3]; 30]);
    assert_eq!(store.due(TransferOrder::TYPE, days(3), 100).await.expect("an answer"), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_records_so_many_due_dates_of_an_order_and_the_next_one_goes_on() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(&dir).await;
    place(&process(&store, minutes(0))).await;
    let late = process(&store, days(1_000));

    for all in [MOST_AT_ONCE, 2 * MOST_AT_ONCE, 50, 50] {
        sweep(&late).await.expect("the store can be read");
        let so_far: Vec<u32> = (1..).take(all).collect();
        assert_eq!(recorded(&store).await, [so_far]);
    }
}
