//! A statement as CSV (RFC 4180), for a spreadsheet.

use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse, Response};
use chrono::SecondsFormat;

use super::file_name;
use super::money::{effect, name};
use crate::application::Statement;

const COLUMNS: [&str; 7] = ["time", "kind", "amount", "balance", "currency", "memo", "transfer"];

pub(super) fn csv(statement: &Statement) -> Result<Response, csv::Error> {
    let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    table.write_record(COLUMNS)?;
    let currency = statement.account.currency;
    for entry in &statement.entries {
        let change = &entry.change;
        table.write_record([
            change.at.to_rfc3339_opts(SecondsFormat::Micros, true),
            name(change.transaction_type).to_owned(),
            currency.decimal(effect(change)),
            currency.decimal(change.balance.minor_units().into()),
            currency.code().to_owned(),
            change.memo.as_ref().map(|memo| harmless(memo.as_str())).unwrap_or_default(),
            change.transfer_id.map(|id| id.to_string()).unwrap_or_default(),
        ])?;
    }
    let bytes = table.into_inner().map_err(csv::IntoInnerError::into_error)?;
    let kind = (CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
    Ok(([kind, file_name(statement, "csv")], bytes).into_response())
}

/// A spreadsheet runs a cell that begins like a formula; the sender of a transfer chooses its memo. After OWASP, "CSV
/// injection".
fn harmless(text: &str) -> String {
    let runs = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if runs { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_memo_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"] {
            assert_eq!(harmless(formula), format!("'{formula}"));
        }
        assert_eq!(harmless("rent = 1"), "rent = 1");
    }
}
