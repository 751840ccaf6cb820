//! What cannot be meant is refused, by the name of the field, and places nothing.

use chrono::{Days, Utc};

use super::*;

struct Wrong {
    what: &'static str,
    body: Value,
    code: &'static str,
    pointer: &'static str,
}

fn cases(from: &str, to: &str) -> Vec<Wrong> {
    let day = |days: u64| (Utc::now().date_naive() + Days::new(days)).to_string();
    let wrong = |what, code, pointer, change: &dyn Fn(&mut Value)| {
        let mut body = order(from, to, 10, daily_from(86_400));
        change(&mut body);
        Wrong { what, body, code, pointer }
    };
    let invalid = |what, pointer, change: &dyn Fn(&mut Value)| wrong(what, "invalid-body", pointer, change);
    let contradicts =
        |what, pointer, change: &dyn Fn(&mut Value)| wrong(what, "invalid-schedule", pointer, change);
    let past = |body: &mut Value| body["schedule"]["startDate"] = json!("2026-01-01");
    vec![
        wrong("a start in the past", "start-passed", "/schedule/startDate", &past),
        wrong("the same account", "same-account", "/toAccountId", &|body| body["toAccountId"] = json!(from)),
        contradicts("no interval at all", "/schedule/every/number", &|body| {
            body["schedule"]["every"]["number"] = json!(0);
        }),
        contradicts("an endless interval", "/schedule/every/number", &|body| {
            body["schedule"]["every"]["number"] = json!(1001);
        }),
        contradicts("an end before the start", "/schedule/endDate", &|body| {
            body["schedule"]["endDate"] = json!(day(0));
        }),
        contradicts("no times", "/schedule/count", &|body| body["schedule"]["count"] = json!(0)),
        contradicts("two ends", "/schedule/count", &|body| {
            body["schedule"]["count"] = json!(2);
            body["schedule"]["endDate"] = json!(day(9));
        }),
        contradicts("an end of what is due once", "/schedule/endDate", &|body| {
            body["schedule"] = due_in(60);
            body["schedule"]["endDate"] = json!(day(9));
        }),
        contradicts("a count of what is due once", "/schedule/count", &|body| {
            body["schedule"] = due_in(60);
            body["schedule"]["count"] = json!(1);
        }),
        contradicts("a year with five digits", "/schedule/startDate", &|body| {
            body["schedule"]["startDate"] = json!("+10000-01-01");
        }),
        invalid("an unknown zone", "/schedule/timeZone", &|body| {
            body["schedule"]["timeZone"] = json!("Europe/Atlantis");
        }),
        invalid("no zone", "/schedule/timeZone", &|body| {
            body["schedule"].as_object_mut().expect("an object").remove("timeZone");
        }),
        invalid("no such day", "/schedule/startDate", &|body| {
            body["schedule"]["startDate"] = json!("2027-02-29");
        }),
        invalid("no such time", "/schedule/timeOfDay", &|body| {
            body["schedule"]["timeOfDay"] = json!("24:00")
        }),
        invalid("a leap second", "/schedule/timeOfDay", &|body| {
            body["schedule"]["timeOfDay"] = json!("23:59:60")
        }),
        invalid("an unknown unit", "/schedule/every/unit", &|body| {
            body["schedule"]["every"]["unit"] = json!("fortnights");
        }),
        invalid("a negative interval", "/schedule/every/number", &|body| {
            body["schedule"]["every"]["number"] = json!(-1);
        }),
        invalid("an unknown field", "/schedule/weekday", &|body| {
            body["schedule"]["weekday"] = json!("monday")
        }),
        invalid("amount 0", "/amount", &|body| body["amount"] = json!(0)),
        invalid("an unknown currency", "/currency", &|body| body["currency"] = json!("XXY")),
        invalid("no schedule", "/schedule", &|body| {
            body.as_object_mut().expect("an object").remove("schedule");
        }),
    ]
}

on_both_shapes! {
    a_wrong_order_names_the_field,
}

async fn a_wrong_order_names_the_field(stage: Stage) {
    let bank = stage.bank().as_customer(Uuid::now_v7());
    for Wrong { what, body, code, pointer } in cases(&Uuid::now_v7().to_string(), &Uuid::now_v7().to_string())
    {
        let answer = bank.post("/v1/transfer-orders", &[("idempotency-key", &fresh_key())], body).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (422, code), "{what}: {answer:?}");
        assert_eq!(answer.body["pointer"], pointer, "{what}: {answer:?}");
    }
    assert_eq!(ids(&bank.get("/v1/transfer-orders").await.expect(200)), Vec::<String>::new());
    bank.get("/v1/transfer-orders/nonsense").await.expect_problem(400, "invalid-path");
    bank.get("/v1/transfer-orders?limit=0").await.expect_problem(400, "invalid-query");
    stage.end().await;
}
