//! What holds of every schedule, whatever its interval and wherever its clocks are.

use std::collections::HashSet;

use chrono::{Datelike, Days, NaiveDate};
use domain::Aggregate;
use domain::order::{Interval, IntervalUnit, Schedule};
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::given::given;

/// Far and near, with changes of an hour, of half an hour, of a whole day, and none.
const ZONES: [&str; 10] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Asia/Beirut",
    "Africa/Casablanca",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
    "UTC",
];

fn schedules(from_year: i32) -> impl Strategy<Value = Schedule> {
    let start = NaiveDate::from_ymd_opt(from_year, 1, 1).expect("a date");
    let units = select(IntervalUnit::ALL);
    (0..36_500_u64, 0..86_400_u32, select(&ZONES[..]), 1..40_u32, units).prop_map(
        move |(days, second, zone, number, unit)| Schedule {
            start_date: start + Days::new(days),
            time_of_day: format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
                .parse()
                .expect("a time"),
            time_zone: zone.parse().expect("a zone"),
            ..every(number, unit, "2026-01-01")
        },
    )
}

fn due_dates(schedule: &Schedule, most: usize) -> Vec<DueDate> {
    (1..).map_while(|number| schedule.due(number)).take(most).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// No rule that is known today skips a whole day in years to come, so that instants rise with the days.
    #[test]
    fn each_due_date_is_later_than_the_one_before(schedule in schedules(2026)) {
        let due = due_dates(&schedule, 40);
        for pair in due.windows(2) {
            prop_assert!(pair[0].date < pair[1].date, "{pair:?}");
            prop_assert!(pair[0].at < pair[1].at, "{pair:?}");
            prop_assert_eq!(pair[0].number + 1, pair[1].number);
        }
    }

    /// Nor did any put two days the other way round, in all the past that is known.
    #[test]
    fn no_due_date_was_ever_earlier_than_the_one_before(schedule in schedules(1930)) {
        for pair in due_dates(&schedule, 40).windows(2) {
            prop_assert!(pair[0].date < pair[1].date && pair[0].at <= pair[1].at, "{pair:?}");
        }
    }

    /// The day of the month stays the one of the start wherever the month has it, and is the month's last elsewhere.
    #[test]
    fn months_keep_the_day_of_the_start(schedule in schedules(2026)) {
        let is_of_months = matches!(
            schedule.every,
            Some(Interval { unit: IntervalUnit::Months | IntervalUnit::Years, .. })
        );
        for due in due_dates(&schedule, 40).into_iter().filter(|_| is_of_months) {
            let is_last = due.date.succ_opt().is_some_and(|next| next.day() == 1);
            let wanted = schedule.start_date.day();
            prop_assert!(due.date.day() == wanted || (is_last && due.date.day() < wanted), "{due:?}");
        }
    }

    /// However unevenly somebody looks, each due date comes once, in order, under an id of its own.
    #[test]
    fn there_are_never_two_transfers_for_one_due_date(
        schedule in schedules(2026),
        looks in proptest::collection::vec(0..400_i64, 1..30),
    ) {
        let mut now = schedule.due(1).expect("a due date").at;
        let mut order = given::<Orders>([placed(schedule, schedule.due(1).expect("a due date"))]).state();
        let (mut came, mut ids) = (Vec::new(), HashSet::new());
        for days in looks {
            now += chrono::TimeDelta::days(days);
            let events = order.decide(&OrderCommand::ComeDue { now }).expect("it is placed");
            order = order.fold(&events);
            for event in events {
                if let OrderEvent::TransferDue { due, transfer_id, .. } = event {
                    prop_assert!(due.at <= now && ids.insert(transfer_id));
                    came.push(due);
                }
            }
        }
        prop_assert_eq!(&came, &due_dates(&schedule, came.len()));
    }
}
