//! Days, months and years go by: the bank's clock is moved.

use chrono::{Datelike, Days, Months, NaiveDate, TimeDelta, Utc};

use super::*;
use crate::stage::verified;

/// The last day of the next January, with a day before it that has not come.
fn next_end_of_january() -> NaiveDate {
    let today = Utc::now().date_naive();
    let this_year = NaiveDate::from_ymd_opt(today.year(), 1, 31).expect("a date");
    if this_year > today + Days::new(1) { this_year } else { this_year + Months::new(12) }
}

fn until(day: NaiveDate) -> TimeDelta {
    let evening = day.and_hms_opt(20, 0, 0).expect("a time").and_utc();
    evening - Utc::now()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_month_has_its_last_day() {
    let stage = Stage::embedded().await;
    let start = next_end_of_january();
    let (from, to) = (stage.bank().open(100).await, stage.bank().open(0).await);
    let monthly = schedule_from(start, json!({"number": 1, "unit": "months"}));
    let id = stage.bank().order(&from, &to, 10, monthly).await.expect(201).id();
    let months = [start, start + Months::new(1), start + Months::new(2)];

    for (day, number) in months.iter().zip(1..) {
        let bank = stage.put_ahead(until(*day));
        let shown = bank.carried_out(&id, number).await;
        assert_eq!(shown.body["transfers"][0]["date"], day.to_string());
        assert_eq!(shown.body["transfers"][0]["state"], "completed");
    }

    let expected: Vec<_> = (1..).zip(months.map(|day| day.to_string())).collect();
    assert_eq!(days(&came_due(stage.sources(), &[id]).await), expected);
    stage.end().await;
}

/// Nobody looks for eight days; then each of them is carried out once, in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_due_while_the_bank_was_down_is_carried_out_once_each() {
    let stage = Stage::embedded().await;
    let start = Utc::now().date_naive() + Days::new(2);
    let (from, to) = (stage.bank().open(1_000).await, stage.bank().open(0).await);
    let daily = schedule_from(start, json!({"number": 1, "unit": "days"}));
    let id = stage.bank().order(&from, &to, 10, daily).await.expect(201).id();
    let last = start + Days::new(7);

    let (stage, later) = stage.restart_after(until(last)).await;

    let shown = later.carried_out(&id, 8).await;
    assert_eq!((shown.state(), &shown.body["nextDue"]["number"]), ("active", &json!(9)));
    stage.bank().balance_becomes(&to, 80).await;
    let came = came_due(stage.sources(), std::slice::from_ref(&id)).await;
    let expected: Vec<_> = (1..).zip((0..8).map(|day| (start + Days::new(day)).to_string())).collect();
    assert_eq!(days(&came), expected);
    // And a bank that starts again finds nothing left to do.
    let (stage, _) = stage.restart_after(until(last)).await;
    verified(stage.sources()).await;
    assert_eq!(transfers_of(stage.sources(), &[id]).await, 8);
    stage.end().await;
}

/// More was missed than one look records: the looks after it go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_time_away_is_made_up_for_bit_by_bit() {
    let stage = Stage::embedded().await;
    let start = Utc::now().date_naive() + Days::new(2);
    let (from, to) = (stage.bank().open(1_000).await, stage.bank().open(0).await);
    let mut daily = schedule_from(start, json!({"number": 1, "unit": "days"}));
    daily["count"] = json!(25);
    let id = stage.bank().order(&from, &to, 10, daily).await.expect(201).id();

    let (stage, later) = stage.restart_after(until(start + Days::new(100))).await;

    stage.bank().balance_becomes(&to, 250).await;
    let shown = later.carried_out(&id, 10).await;
    assert_eq!((shown.state(), &shown.body["transfers"][0]["number"]), ("completed", &json!(25)));
    assert_eq!(days(&came_due(stage.sources(), &[id]).await).len(), 25);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_message_twice_is_one_transfer_for_each_due_date() {
    let stage = Stage::embedded().await;
    stage.deliver_everything_twice();
    let (from, to) = (stage.bank().open(100).await, stage.bank().open(0).await);
    let mut orders = Vec::new();
    for _ in 0..5 {
        orders.push(stage.bank().order(&from, &to, 10, due_in(SOON)).await.expect(201).id());
    }
    for id in &orders {
        stage.bank().carried_out(id, 1).await;
    }
    stage.bank().balance_becomes(&to, 50).await;
    stage.settled().await;
    assert_eq!(
        (came_due(stage.sources(), &orders).await.len(), transfers_of(stage.sources(), &orders).await),
        (5, 5)
    );
    stage.end().await;
}

/// The due date is recorded, its message is held back, and the order is cancelled: what was due is carried out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_due_before_the_cancellation_is_carried_out() {
    let stage = Stage::embedded().await;
    let (from, to) = (stage.bank().open(100).await, stage.bank().open(0).await);
    let gate = stage.hold("transfers", "TransferDue");
    let id = stage.bank().order(&from, &to, 10, daily_from(SOON)).await.expect(201).id();
    let order = eventually(|| async {
        let order = stage.bank().read_order(&id).await;
        if order.version() == 2 { Ok(order) } else { Err(order) }
    })
    .await;
    assert_eq!(order.body["transfers"][0]["state"], "initial");

    stage.bank().cancel_order(&id).await.expect(200);
    gate.open();

    let shown = stage.bank().carried_out(&id, 1).await;
    assert_eq!((shown.state(), &shown.body["transfers"][0]["state"]), ("cancelled", &json!("completed")));
    stage.end().await;
}
