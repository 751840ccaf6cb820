//! How a refused or failed command becomes an answer.

use axum::http::StatusCode;
use domain::account::AccountRefusal;
use event_store::ExecuteError;
use service_kit::command::problem_of;
use service_kit::http::Problem;

pub(crate) fn problem(error: ExecuteError<AccountRefusal>) -> Problem {
    problem_of(error, |refusal| {
        let status = match refusal {
            AccountRefusal::AccountNotFound | AccountRefusal::HoldNotFound => StatusCode::NOT_FOUND,
            AccountRefusal::Forbidden => StatusCode::FORBIDDEN,
            AccountRefusal::CurrencyMismatch { .. } | AccountRefusal::InvalidExpiry => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            _ => StatusCode::CONFLICT,
        };
        Problem::new(status, refusal.code(), refusal.to_string())
    })
}
