//! A statement as a page to read and to print. It has no script and loads nothing.

use askama::Template;
use axum::http::HeaderName;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse, Response};

use super::file_name;
use super::money::{effect, name};
use crate::application::Statement;

/// Its own style sheet, which stands in it, is all that a browser may use of it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/// Texts are escaped by the template.
#[derive(Template)]
#[template(path = "statement.html")]
struct Page<'a> {
    title: &'a str,
    account: String,
    currency: &'a str,
    from: String,
    to: String,
    opening: String,
    closing: String,
    paid_in: String,
    paid_out: String,
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    day: String,
    kind: &'static str,
    memo: &'a str,
    amount: String,
    balance: String,
}

pub(super) fn html(statement: &Statement) -> Result<Response, askama::Error> {
    let page = page_of(statement).render()?;
    let headers: [(HeaderName, HeaderValue); 3] = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        file_name(statement, "html"),
    ];
    Ok((headers, page).into_response())
}

fn page_of(statement: &Statement) -> Page<'_> {
    let currency = statement.account.currency;
    let effects = || statement.entries.iter().map(|entry| effect(&entry.change));
    let rows = statement.entries.iter().map(|entry| {
        let change = &entry.change;
        Row {
            day: change.at.format("%Y-%m-%d").to_string(),
            kind: name(change.transaction_type),
            memo: change.memo.as_ref().map_or("", |memo| memo.as_str()),
            amount: currency.decimal(effect(change)),
            balance: currency.decimal(change.balance.minor_units().into()),
        }
    });
    Page {
        title: statement.account.title.as_str(),
        account: statement.account.id.to_string(),
        currency: statement.account.currency.code(),
        from: statement.period.from.to_string(),
        to: statement.period.to.to_string(),
        opening: currency.decimal(statement.opening.minor_units().into()),
        closing: currency.decimal(statement.closing.minor_units().into()),
        paid_in: currency.decimal(effects().filter(|effect| *effect > 0).sum()),
        paid_out: currency.decimal(effects().filter(|effect| *effect < 0).sum()),
        rows: rows.collect(),
    }
}
