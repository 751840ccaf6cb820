//! `GET /v1/accounts/{id}/balance-curve`: what an account held over a period.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::AccountId;
use domain::money::{Balance, Currency};
use serde::{Deserialize, Serialize};
use service_kit::http::{Prefer, Problem, SignedIn, ValidPath, ValidQuery};
use utoipa::ToSchema;

use super::super::openapi::TAG;
use super::at::TimeParameter;
use super::freshness::{VersionParameter, tell_applied};
use crate::application::{Application, CurvePoint, Steps};

/// The most points that one answer has.
const MOST_POINTS: i64 = 1_000;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CurveQuery {
    /// The first moment.
    #[param(value_type = DateTime<Utc>)]
    from: TimeParameter,
    /// The last moment.
    #[param(value_type = DateTime<Utc>)]
    to: TimeParameter,
    /// One point at the end of each of these, counted from `from`; the last one is at `to`.
    #[param(inline)]
    interval: Option<Interval>,
    /// So many points, at the ends of equal parts of the period. Without this and `interval` there is a point for every
    /// change, of which there may be as many.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000)]
    points: Option<Points>,
    /// The view must have seen so many events of the account.
    #[serde(default)]
    #[param(value_type = i64, minimum = 0, default = 0)]
    min_version: VersionParameter,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Interval {
    Minute,
    Hour,
    Day,
    Week,
}

/// A number from 1 to [`MOST_POINTS`].
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "i64")]
struct Points(i64);

impl TryFrom<i64> for Points {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, String> {
        let is_one = (1..=MOST_POINTS).contains(&number);
        is_one.then_some(Self(number)).ok_or_else(|| format!("`points` is a number from 1 to {MOST_POINTS}"))
    }
}

impl Interval {
    /// How long it is, in microseconds.
    fn micros(self) -> i64 {
        let length = match self {
            Self::Minute => TimeDelta::minutes(1),
            Self::Hour => TimeDelta::hours(1),
            Self::Day => TimeDelta::days(1),
            Self::Week => TimeDelta::weeks(1),
        };
        length.num_microseconds().unwrap_or(i64::MAX)
    }
}

/// What an account held over a period, in minor units of its currency.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BalanceCurve)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CurveDocument {
    account_id: AccountId,
    currency: Currency,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// What it held right before `from`.
    opening_balance: Balance,
    /// What it held at `to`.
    closing_balance: Balance,
    /// The least that it held in between, the opening balance included.
    minimum: Balance,
    /// The most.
    maximum: Balance,
    /// The oldest first.
    points: Vec<CurvePoint>,
}

/// What an account held over a period
///
/// A point for every change, or one at the end of each `interval`, or so many `points` at equal distances. A point says what
/// the account held at its time, with what happened in that very microsecond.
#[utoipa::path(
    get,
    path = "/v1/accounts/{id}/balance-curve",
    operation_id = "readBalanceCurve",
    tag = TAG,
    params(("id" = AccountId, Path, description = "The account"), Prefer, CurveQuery),
    responses(
        (status = 200, description = "The curve", body = CurveDocument),
        (status = 404, description = "account-not-found"),
        (status = 412, description = "view-out-of-date"),
        (status = 422, description = "curve-too-long"),
    ),
)]
pub(crate) async fn read(
    State(application): State<Application>,
    SignedIn(caller): SignedIn,
    prefer: Prefer,
    ValidPath(id): ValidPath<AccountId>,
    ValidQuery(query): ValidQuery<CurveQuery>,
) -> Result<Response, Problem> {
    let (TimeParameter(from), TimeParameter(to)) = (query.from, query.to);
    let steps = steps_of(&query)?;
    let min_version = query.min_version.0;
    let account =
        application.account(&caller.actor(), id, min_version, prefer.wait.unwrap_or_default()).await?;
    let curve = application.curve(&account, (from, to), steps).await?;
    let document = CurveDocument {
        account_id: id,
        currency: account.currency,
        from,
        to,
        opening_balance: curve.opening,
        closing_balance: curve.closing,
        minimum: curve.minimum,
        maximum: curve.maximum,
        points: curve.points,
    };
    Ok(tell_applied(Json(document).into_response(), prefer, min_version))
}

/// Where the points are to be, when there are not too many.
fn steps_of(query: &CurveQuery) -> Result<Steps, Problem> {
    let (from, to) = (query.from.0, query.to.0);
    if from > to {
        return Err(Problem::invalid_query("`from` is after `to`"));
    }
    let micros = to.timestamp_micros().saturating_sub(from.timestamp_micros());
    let steps = match (query.interval, query.points) {
        (Some(_), Some(_)) => {
            return Err(Problem::invalid_query("either `interval` or `points` says where the points are"));
        }
        (None, None) => Steps::Changes { most: usize::try_from(MOST_POINTS).unwrap_or(usize::MAX) },
        (Some(interval), None) => Steps::Every(interval.micros()),
        (None, Some(Points(points))) => {
            Steps::Every((micros / points + i64::from(micros % points > 0)).max(1))
        }
    };
    match steps.count(from, to) {
        Some(count) if count > MOST_POINTS => Err(Problem::invalid_query(format!(
            "these are {count} points, and an answer has at most {MOST_POINTS}: ask for a longer `interval` or a shorter period"
        ))),
        _ => Ok(steps),
    }
}
