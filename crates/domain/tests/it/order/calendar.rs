//! The days on which an order is due.

use domain::order::{IntervalUnit, Schedule};

use super::*;

fn days(schedule: Schedule, most: usize) -> Vec<String> {
    let due = (1..).map_while(|number| schedule.due(number));
    due.take(most).map(|due| due.date.to_string()).collect()
}

#[track_caller]
fn assert_days(schedule: Schedule, expected: &[&str]) {
    assert_eq!(days(schedule, expected.len()), expected);
}

#[test]
fn the_31st_is_the_last_day_of_months_that_have_none() {
    assert_days(
        monthly(),
        &["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30"],
    );
    assert_days(
        every(1, IntervalUnit::Months, "2027-11-30"),
        &["2027-11-30", "2027-12-30", "2028-01-30", "2028-02-29", "2028-03-30"],
    );
    assert_days(
        every(3, IntervalUnit::Months, "2026-08-31"),
        &["2026-08-31", "2026-11-30", "2027-02-28", "2027-05-31"],
    );
}

#[test]
fn the_29th_of_february_comes_back_in_leap_years() {
    assert_days(
        every(1, IntervalUnit::Years, "2028-02-29"),
        &["2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"],
    );
    // 2100 is no leap year, 2000 was one, 2400 is.
    assert_days(every(4, IntervalUnit::Years, "2096-02-29"), &["2096-02-29", "2100-02-28", "2104-02-29"]);
    assert_days(every(400, IntervalUnit::Years, "2000-02-29"), &["2000-02-29", "2400-02-29"]);
}

#[test]
fn days_and_weeks_go_through_month_ends() {
    assert_days(every(1, IntervalUnit::Days, "2028-02-28"), &["2028-02-28", "2028-02-29", "2028-03-01"]);
    assert_days(every(30, IntervalUnit::Days, "2026-01-31"), &["2026-01-31", "2026-03-02", "2026-04-01"]);
    assert_days(every(2, IntervalUnit::Weeks, "2026-12-24"), &["2026-12-24", "2027-01-07", "2027-01-21"]);
}

#[test]
fn a_schedule_ends_where_it_says() {
    let monthly = every(1, IntervalUnit::Months, "2026-01-31");
    let until = |end: &str| days(Schedule { end_date: Some(date(end)), ..monthly }, 100).len();
    assert_eq!((until("2026-01-31"), until("2026-02-27"), until("2026-02-28")), (1, 1, 2));
    assert_eq!(days(Schedule { count: Some(3), ..monthly }, 100).len(), 3);
    assert_eq!(days(once_on("2026-01-31"), 100), ["2026-01-31"]);
    assert_eq!(monthly.due(0), None);
}

#[test]
fn the_calendar_ends_with_the_year_9999() {
    let yearly = every(1000, IntervalUnit::Years, "2026-01-31");
    assert_eq!(days(yearly, 100).last().map(String::as_str), Some("9026-01-31"));
    assert_eq!(days(every(1000, IntervalUnit::Years, "9999-12-31"), 100), ["9999-12-31"]);
    for number in [u32::MAX, u32::MAX - 1, 1 << 30] {
        assert_eq!(yearly.due(number), None);
        assert_eq!(every(1000, IntervalUnit::Weeks, "2026-01-31").due(number), None);
    }
}
