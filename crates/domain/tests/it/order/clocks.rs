//! Where clocks are changed: a local time that does not exist is the first instant after the gap, one that exists twice is
//! the first of the two.

use domain::order::{IntervalUnit, Schedule, TimeOfDay, TimeZone};

use super::*;

/// Each day at this local time, and the instants that these are.
#[track_caller]
fn assert_instants(zone: &str, time: &str, start: &str, expected: &[&str]) {
    let schedule = Schedule {
        time_zone: zone.parse().expect("a zone"),
        time_of_day: time.parse().expect("a time"),
        ..every(1, IntervalUnit::Days, start)
    };
    let due = (1..).map_while(|number| schedule.due(number)).take(expected.len());
    let instants: Vec<_> = due.map(|due| due.at).collect();
    let expected: Vec<_> = expected.iter().map(|at| instant(at)).collect();
    assert_eq!(instants, expected, "{zone} at {time}");
}

#[test]
fn berlin_puts_its_clocks_forward_on_29_march_2026() {
    for (time, expected) in [
        ("01:59:59", ["2026-03-28T00:59:59Z", "2026-03-29T00:59:59Z", "2026-03-29T23:59:59Z"]),
        // From here on to three o'clock there is no such time on the 29th.
        ("02:00", ["2026-03-28T01:00:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"]),
        ("02:30", ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]),
        ("02:59:59", ["2026-03-28T01:59:59Z", "2026-03-29T01:00:00Z", "2026-03-30T00:59:59Z"]),
        ("03:00", ["2026-03-28T02:00:00Z", "2026-03-29T01:00:00Z", "2026-03-30T01:00:00Z"]),
    ] {
        assert_instants("Europe/Berlin", time, "2026-03-28", &expected);
    }
}

#[test]
fn berlin_puts_its_clocks_back_on_25_october_2026() {
    assert_instants(
        "Europe/Berlin",
        "02:30",
        "2026-10-24",
        &["2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
    );
    assert_instants(
        "Europe/Berlin",
        "02:00",
        "2026-10-25",
        &["2026-10-25T00:00:00Z", "2026-10-26T01:00:00Z"],
    );
    assert_instants(
        "Europe/Berlin",
        "03:00",
        "2026-10-25",
        &["2026-10-25T02:00:00Z", "2026-10-26T02:00:00Z"],
    );
}

#[test]
fn new_york_changes_its_clocks_on_8_march_and_1_november_2026() {
    assert_instants(
        "America/New_York",
        "02:30",
        "2026-03-07",
        &["2026-03-07T07:30:00Z", "2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"],
    );
    assert_instants(
        "America/New_York",
        "01:30",
        "2026-10-31",
        &["2026-10-31T05:30:00Z", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"],
    );
}

#[test]
fn a_change_need_be_no_hour_and_may_be_at_midnight() {
    // Half an hour, at two.
    assert_instants(
        "Australia/Lord_Howe",
        "02:15",
        "2026-10-04",
        &["2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"],
    );
    // The day begins at one.
    assert_instants("Asia/Beirut", "00:00", "2026-03-28", &["2026-03-27T22:00:00Z", "2026-03-28T22:00:00Z"]);
    assert_instants("UTC", "00:00", "2026-03-29", &["2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z"]);
}

/// Samoa went over the date line and had no 30 December 2011: that day's instant is the first of the day after.
#[test]
fn a_day_that_does_not_exist_is_due_at_its_end() {
    assert_instants(
        "Pacific/Apia",
        "00:00",
        "2011-12-29",
        &["2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"],
    );
}

#[test]
fn a_time_of_the_day_has_whole_seconds() {
    for (text, shown) in [("09:00", "09:00:00"), ("23:59:59", "23:59:59"), ("00:00", "00:00:00")] {
        assert_eq!(text.parse::<TimeOfDay>().expect(text).to_string(), shown);
    }
    for wrong in [
        "",
        "9:00",
        "24:00",
        "09:60",
        "09:00:60",
        "23:59:60",
        "09:00:00.5",
        "0900",
        "+9:00",
        "09:00Z",
        "９:0",
    ] {
        assert!(wrong.parse::<TimeOfDay>().is_err(), "{wrong}");
    }
}

#[test]
fn a_time_zone_has_the_name_of_the_database() {
    for name in ["Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "UTC", "US/Eastern"] {
        assert_eq!(name.parse::<TimeZone>().expect(name).to_string(), name);
    }
    for wrong in ["", "Europe/Atlantis", "europe/berlin", "+01:00", " UTC", "Europe/Berlin "] {
        assert!(wrong.parse::<TimeZone>().is_err(), "{wrong}");
    }
}
