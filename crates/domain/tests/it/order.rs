//! Orders for transfers: when they are due, and what becomes of a due date.

mod calendar;
mod clocks;
mod due;
mod ending;
mod every_schedule;
mod placing;

use chrono::{DateTime, NaiveDate, Utc};
use domain::command_id::order_transfer_id;
use domain::order::{
    DueDate, Interval, IntervalUnit, OrderCommand, OrderDetails, OrderEvent, Schedule, TransferOrder,
};

use crate::fixtures::*;

pub(super) fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

pub(super) fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

/// At nine in Berlin, once.
pub(super) fn once_on(start: &str) -> Schedule {
    Schedule {
        start_date: date(start),
        time_of_day: "09:00".parse().expect("a time"),
        time_zone: "Europe/Berlin".parse().expect("a zone"),
        every: None,
        end_date: None,
        count: None,
    }
}

/// At nine in Berlin, again and again.
pub(super) fn every(number: u32, unit: IntervalUnit, start: &str) -> Schedule {
    Schedule { every: Some(Interval { number, unit }), ..once_on(start) }
}

/// Each month from the last day of January on.
pub(super) fn monthly() -> Schedule {
    every(1, IntervalUnit::Months, "2026-01-31")
}

/// An order of Alice's to pay Bob.
pub(super) fn order(schedule: Schedule) -> OrderDetails {
    OrderDetails {
        order_id: ORDER,
        from_account_id: ALICES,
        to_account_id: BOBS,
        money: usd(55),
        memo: Some(memo("Rent")),
        schedule,
    }
}

pub(super) fn place(schedule: Schedule) -> OrderCommand {
    OrderCommand::Place { owner: actor("alice"), order: order(schedule), now: noon() }
}

pub(super) fn due_date(number: u32, day: &str, at: &str) -> DueDate {
    DueDate { number, date: date(day), at: instant(at) }
}

/// 31 January, 28 February, 31 March, by the clocks of Berlin, which are put forward on 29 March.
pub(super) fn months() -> [DueDate; 3] {
    [
        due_date(1, "2026-01-31", "2026-01-31T08:00:00Z"),
        due_date(2, "2026-02-28", "2026-02-28T08:00:00Z"),
        due_date(3, "2026-03-31", "2026-03-31T07:00:00Z"),
    ]
}

pub(super) fn placed(schedule: Schedule, next: DueDate) -> OrderEvent {
    OrderEvent::TransferOrderPlaced { owner: actor("alice"), order: order(schedule), next, at: noon() }
}

pub(super) fn came(schedule: Schedule, due: DueDate, next: Option<DueDate>, at: &str) -> OrderEvent {
    OrderEvent::TransferDue {
        owner: actor("alice"),
        order: order(schedule),
        due,
        transfer_id: order_transfer_id(ORDER, due.date),
        next,
        at: instant(at),
    }
}

pub(super) fn come_due(now: &str) -> OrderCommand {
    OrderCommand::ComeDue { now: instant(now) }
}

pub(super) type Orders = TransferOrder;
