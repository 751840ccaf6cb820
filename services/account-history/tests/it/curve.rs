//! Balance curves: every point is the balance of its time.

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use domain::ids::AccountId;
use serde_json::Value;

use crate::http::{Reader, reader_of};
use crate::world::World;

/// An account of some days, on which commands overtake each other.
fn account_of_days(world: &mut World, changes: usize) -> AccountId {
    let account = world.open("ada", 1_000);
    for _ in 0..changes {
        let amount = 1 + world.random.below(400) as u64;
        match world.random.below(2) {
            0 => world.deposit(account, amount),
            _ => world.withdraw(account, amount),
        }
        let minutes = world.random.below(90) as i64 - 20;
        world.wait(Duration::minutes(minutes));
    }
    account
}

fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

async fn balance_at(reader: &Reader, account: AccountId, at: &Value) -> Value {
    let at = at.as_str().expect("a time");
    let answer = reader.get(&format!("/v1/accounts/{account}/balance?at={at}")).await;
    if answer.status == 404 { 0.into() } else { answer.is::<Value>()["balance"].clone() }
}

#[tokio::test]
async fn every_point_is_the_balance_of_its_time() {
    let mut world = World::new(54);
    let account = account_of_days(&mut world, 300);
    let reader = reader_of(&world).await;
    let (before, end) = ("2026-01-31T00:00:00Z".to_owned(), text(world.now() + Duration::days(1)));
    let path = format!("/v1/accounts/{account}/balance-curve");
    let middle = text("2026-01-31T12:00:00Z".parse::<DateTime<Utc>>().expect("a time") + Duration::days(3));
    for (from, to) in [(&before, &end), (&middle, &end), (&before, &middle), (&middle, &middle)] {
        let changes: Value = reader.get(&format!("{path}?from={from}&to={to}")).await.is();
        let held: Vec<i64> = changes["points"].as_array().expect("points").iter().map(balance).collect();
        let opening = balance_of(&changes["openingBalance"]);
        let all: Vec<i64> = held.iter().copied().chain([opening]).collect();
        assert_eq!(Some(balance_of(&changes["minimum"])), all.iter().min().copied());
        assert_eq!(Some(balance_of(&changes["maximum"])), all.iter().max().copied());
        assert_eq!(balance_of(&changes["closingBalance"]), held.last().copied().unwrap_or(opening));
        for query in ["interval=hour", "interval=day", "points=7", "points=1"] {
            let curve: Value = reader.get(&format!("{path}?from={from}&to={to}&{query}")).await.is();
            for name in ["openingBalance", "closingBalance", "minimum", "maximum"] {
                assert_eq!(curve[name], changes[name], "{name} of {query}");
            }
            let points = curve["points"].as_array().expect("points");
            assert!(points.windows(2).all(|two| two[0]["at"].as_str() < two[1]["at"].as_str()), "{query}");
            for point in points {
                let expected = balance_at(&reader, account, &point["at"]).await;
                assert_eq!(point["balance"], expected, "{query} at {}", point["at"]);
            }
            let last = points.last().expect("at least one point");
            assert_eq!(time(&last["at"]), to.parse::<DateTime<Utc>>().expect("a time"));
        }
    }
}

#[tokio::test]
async fn a_curve_has_a_bounded_number_of_points() {
    let mut world = World::new(55);
    let account = account_of_days(&mut world, 1_100);
    let reader = reader_of(&world).await;
    let curve = async |query: &str| {
        let path = format!("/v1/accounts/{account}/balance-curve?{query}");
        reader.get(&path).await
    };
    let year = "from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z";
    curve(year).await.is_problem(422, "curve-too-long");
    let days: Value = curve(&format!("{year}&interval=day")).await.is();
    assert_eq!(days["points"].as_array().map(Vec::len), Some(365));
    for (query, named) in [
        (format!("{year}&interval=minute"), "525600 points"),
        (format!("{year}&interval=month"), "interval"),
        (format!("{year}&points=1001"), "`points` is a number from 1 to 1000"),
        (format!("{year}&points=0"), "`points`"),
        (format!("{year}&points=5&interval=day"), "either `interval` or `points`"),
        ("from=2027-01-01T00:00:00Z&to=2026-01-01T00:00:00Z".to_owned(), "`from` is after `to`"),
        ("from=2026-01-01&to=2027-01-01T00:00:00Z".to_owned(), "2026-01-31T12:00:00Z"),
        ("from=2026-01-01T00:00:00Z".to_owned(), "to"),
        (format!("{year}&colour=red"), "colour"),
    ] {
        let answer = curve(&query).await;
        answer.is_problem(400, "invalid-query");
        let detail = answer.body["detail"].as_str().unwrap_or_default();
        assert!(detail.contains(named), "{query}: {detail}");
    }
    for query in ["from=0000-01-01T00:00:00Z&to=9999-12-31T23:59:59Z&points=1000"] {
        assert_eq!(curve(query).await.is::<Value>()["points"].as_array().map(Vec::len), Some(1_000));
    }
}

fn balance(point: &Value) -> i64 {
    balance_of(&point["balance"])
}

fn balance_of(value: &Value) -> i64 {
    value.as_i64().expect("minor units")
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().and_then(|text| text.parse().ok()).expect("a time")
}
