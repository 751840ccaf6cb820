//! `POST /v1/transfer-orders`: money that is to move on a date to come, or again and again.

pub(super) mod cancel;
mod document;
pub(super) mod list;
pub(super) mod one;

use axum::extract::State;
use axum::http::StatusCode;
use chrono::NaiveDate;
use domain::ids::{AccountId, OrderId};
use domain::money::{Amount, Currency, Money};
use domain::order::{DueDate, Interval, IntervalUnit, OrderDetails, OrderStatus, Schedule};
use domain::order::{TimeOfDay, TimeZone, TransferOrder};
use domain::text::Memo;
use event_store::Executed;
use serde::{Deserialize, Serialize};
use service_kit::command::{CommandRequest, Reply};
use service_kit::http::{IdempotencyKey, IfMatch, Problem, ValidJson};
use service_kit::openapi::StreamVersion;
use utoipa::ToSchema;
use uuid::Uuid;

use super::openapi::TAG;
use crate::application::{Application, new_order_id};
use crate::error::order_problem;

/// The body of `POST /v1/transfer-orders`.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = PlaceOrder, example = json!({
    "fromAccountId": "018f4f5e-36f3-7d0c-9c5b-00000000a11c",
    "toAccountId": "018f4f5e-36f3-7d0c-9c5b-000000000b0b",
    "amount": 95_000,
    "currency": "EUR",
    "memo": "Rent",
    "schedule": {
        "startDate": "2027-01-31",
        "timeOfDay": "06:00",
        "timeZone": "Europe/Berlin",
        "every": {"number": 1, "unit": "months"},
    },
}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PlaceBody {
    from_account_id: AccountId,
    to_account_id: AccountId,
    amount: Amount,
    currency: Currency,
    #[serde(default)]
    memo: Option<Memo>,
    schedule: ScheduleBody,
}

/// When it is due: once, or with an interval until a last day, so many times, or until it is cancelled.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = PlaceSchedule)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ScheduleBody {
    /// The first day. The others are counted from it: the 31st is the last day of a month that has no 31st.
    start_date: NaiveDate,
    /// The local time of each day; midnight when it is not given. A time that is skipped when clocks are put forward is
    /// the first instant after the gap, one that comes twice is the first of the two.
    #[serde(default)]
    time_of_day: TimeOfDay,
    time_zone: TimeZone,
    #[serde(default)]
    every: Option<IntervalBody>,
    /// The last day on which it may be due.
    #[serde(default)]
    end_date: Option<NaiveDate>,
    /// How many times it is due.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100_000)]
    count: Option<u32>,
}

/// How far two due dates are apart.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = PlaceInterval)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct IntervalBody {
    #[schema(minimum = 1, maximum = 1000)]
    number: u32,
    unit: IntervalUnit,
}

impl PlaceBody {
    fn details(self) -> OrderDetails {
        let Self { from_account_id, to_account_id, amount, currency, memo, schedule } = self;
        let ScheduleBody { start_date, time_of_day, time_zone, every, end_date, count } = schedule;
        let every = every.map(|IntervalBody { number, unit }| Interval { number, unit });
        OrderDetails {
            order_id: new_order_id(),
            from_account_id,
            to_account_id,
            money: Money { amount, currency },
            memo,
            schedule: Schedule { start_date, time_of_day, time_zone, every, end_date, count },
        }
    }
}

/// What a command on an order answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TransferOrderReply)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderReply {
    #[schema(value_type = OrderId)]
    id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    state: Option<OrderStatus>,
    #[schema(value_type = StreamVersion)]
    version: i64,
    /// What comes next.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_due: Option<DueDate>,
}

impl OrderReply {
    fn of(executed: &Executed<TransferOrder>) -> Self {
        let placed = executed.state.placed();
        Self {
            id: executed.id,
            state: placed.map(|order| order.status),
            version: executed.version.0,
            next_due: placed.and_then(|order| order.next),
        }
    }
}

/// Order transfers on dates to come
///
/// Each due date is a transfer of its own, on behalf of whoever placed the order. One that fails ends no order.
#[utoipa::path(
    post,
    path = "/v1/transfer-orders",
    operation_id = "placeTransferOrder",
    tag = TAG,
    params(IdempotencyKey, IfMatch),
    request_body = PlaceBody,
    responses(
        (status = 201, description = "The order is placed", body = OrderReply, headers(("Location" = String, description = "The order"))),
        (status = 422, description = "invalid-schedule, same-account, start-passed"),
    ),
)]
pub(crate) async fn place(
    State(application): State<Application>,
    request: CommandRequest,
    ValidJson { value: body, hash }: ValidJson<PlaceBody>,
) -> Result<Reply, Problem> {
    let request = request.require_key()?;
    let context = request.context(hash);
    let executed =
        application.place_order(request.actor(), body.details(), context).await.map_err(order_problem)?;
    Ok(Reply::new(StatusCode::CREATED, &executed, &OrderReply::of(&executed))
        .location(&format!("/v1/transfer-orders/{}", executed.id)))
}
