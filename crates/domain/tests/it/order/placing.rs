//! What an order must be to begin.

use domain::order::{IntervalUnit, OrderCommand, OrderRefusal, OrderStatus, Schedule, ScheduleRule};

use super::*;
use crate::given::given;

#[test]
fn an_order_says_when_it_is_due_first() {
    given::<Orders>([]).when(place(monthly())).then([placed(monthly(), months()[0])]);
    let order = given::<Orders>([placed(monthly(), months()[0])]).state();
    let order = order.placed().expect("it is placed");
    assert_eq!((order.status, order.next), (OrderStatus::Active, Some(months()[0])));
}

#[test]
fn placing_the_same_order_again_is_not_a_second_one() {
    let past = || [placed(monthly(), months()[0])];
    given::<Orders>(past()).when(place(monthly())).then_nothing();
    given::<Orders>(past()).when(place(once_on("2026-01-31"))).then_refused(OrderRefusal::AlreadyPlaced);
    let somebody_elses = OrderCommand::Place { owner: actor("bob"), order: order(monthly()), now: noon() };
    given::<Orders>(past()).when(somebody_elses).then_refused(OrderRefusal::AlreadyPlaced);
}

#[test]
fn an_order_needs_two_accounts() {
    let to_itself = OrderDetails { to_account_id: ALICES, ..order(monthly()) };
    let place = OrderCommand::Place { owner: actor("alice"), order: to_itself, now: noon() };
    given::<Orders>([]).when(place).then_refused(OrderRefusal::SameAccount);
}

/// It is noon, in Berlin one o'clock.
#[test]
fn the_first_due_date_is_to_come() {
    let today = |time: &str| Schedule { time_of_day: time.parse().expect("a time"), ..once_on("2026-01-01") };
    for passed in [once_on("2025-12-31"), once_on("0001-01-01"), today("13:00")] {
        given::<Orders>([]).when(place(passed)).then_refused(OrderRefusal::StartPassed);
    }
    let in_a_second = due_date(1, "2026-01-01", "2026-01-01T12:00:01Z");
    given::<Orders>([]).when(place(today("13:00:01"))).then([placed(today("13:00:01"), in_a_second)]);
}

#[test]
fn a_schedule_means_something() {
    use ScheduleRule::*;
    let once = once_on("2026-01-31");
    let daily = |number| every(number, IntervalUnit::Days, "2026-01-31");
    let until = |schedule: Schedule, end: &str| Schedule { end_date: Some(date(end)), ..schedule };
    let times = |schedule: Schedule, count| Schedule { count: Some(count), ..schedule };
    for (schedule, rule) in [
        (daily(0), IntervalOutOfRange),
        (daily(1001), IntervalOutOfRange),
        (daily(u32::MAX), IntervalOutOfRange),
        (until(daily(1), "2026-01-30"), EndBeforeStart),
        (times(daily(1), 0), CountOutOfRange),
        (times(daily(1), 100_001), CountOutOfRange),
        (times(until(daily(1), "2026-12-31"), 3), EndAndCount),
        (until(once, "2026-12-31"), EndWithoutInterval),
        (times(once, 1), CountWithoutInterval),
        (once_on("+10000-01-01"), StartTooFar),
        (once_on("+262142-12-31"), StartTooFar),
        (until(daily(1), "+10000-01-01"), EndTooFar),
    ] {
        given::<Orders>([]).when(place(schedule)).then_refused(OrderRefusal::InvalidSchedule { rule });
        assert!(rule.field().starts_with('/') && !rule.sentence().is_empty());
    }
    for schedule in
        [until(daily(1), "2026-01-31"), times(daily(1000), 100_000), until(daily(9), "9999-12-31")]
    {
        assert_eq!(schedule.check(), Ok(()));
    }
}

#[test]
fn what_was_never_placed_is_not_there() {
    for command in [
        come_due("2026-01-31T08:00:00Z"),
        OrderCommand::Cancel { actor: actor("alice"), reason: None, now: noon() },
    ] {
        given::<Orders>([]).when(command).then_refused(OrderRefusal::TransferOrderNotFound);
    }
}
