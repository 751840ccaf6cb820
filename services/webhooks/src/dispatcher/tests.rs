//! What attempts make of a delivery and of a webhook.

use chrono::TimeDelta;

use super::*;

const SCHEDULE: Schedule =
    Schedule { first: Duration::from_secs(4), longest: Duration::from_secs(3600), attempts: 3 };
const DISABLE_AFTER: Duration = Duration::from_secs(3600);
const OK: Attempt = Attempt::Delivered(StatusCode::OK);
const BROKEN: Attempt = Attempt::Refused(StatusCode::INTERNAL_SERVER_ERROR);
const SLOW: Attempt = Attempt::Failed(Trouble::Timeout);

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

#[test]
fn a_failed_attempt_waits_for_the_next_until_the_last() {
    let after = |attempt, number| recorded(attempt, number, SCHEDULE, now(), 0);
    let waiting = after(BROKEN, 1);
    assert_eq!((waiting.state, waiting.status, waiting.error), (DeliveryState::Waiting, Some(500), "status"));
    assert_eq!(waiting.next_try_at, now() + TimeDelta::seconds(4));
    assert_eq!(after(SLOW, 2).next_try_at, now() + TimeDelta::seconds(8));
    assert_eq!((after(SLOW, 3).state, after(SLOW, 3).error), (DeliveryState::Failed, "timeout"));
    assert_eq!(after(OK, 3).state, DeliveryState::Delivered);
}

#[test]
fn a_webhook_is_disabled_when_nothing_was_delivered_for_long() {
    let first = Standing::default().after(&[BROKEN, SLOW], now(), DISABLE_AFTER);
    assert_eq!(first, Standing { failing_since: Some(now()), failures: 1, disabled: None });
    let almost = first.after(&[SLOW], now() + TimeDelta::seconds(3599), DISABLE_AFTER);
    assert_eq!((almost.disabled, almost.failures, almost.failing_since), (None, 2, Some(now())));
    let long = almost.after(&[SLOW], now() + TimeDelta::seconds(3600), DISABLE_AFTER);
    assert_eq!(long.disabled, Some(Disabled::Failing));
}

#[test]
fn one_that_was_delivered_makes_up_for_all() {
    let failing = Standing { failing_since: Some(now()), failures: 9, disabled: None };
    let later = now() + TimeDelta::days(9);
    assert_eq!(failing.after(&[BROKEN, OK], later, DISABLE_AFTER), Standing::default());
    assert_eq!(failing.after(&[], later, DISABLE_AFTER), failing);
}

#[test]
fn a_receiver_that_is_gone_is_not_asked_again() {
    let gone = Standing::default().after(&[OK, Attempt::Refused(StatusCode::GONE)], now(), DISABLE_AFTER);
    assert_eq!(gone.disabled, Some(Disabled::Gone));
}
