//! How a refused or failed command becomes an answer.

use axum::http::StatusCode;
use domain::transfer::TransferRefusal;
use event_store::{ExecuteError, StoreError};
use service_kit::command::{problem_of, problem_of_store};
use service_kit::http::Problem;

pub(crate) fn problem(error: ExecuteError<TransferRefusal>) -> Problem {
    problem_of(error, |refusal| {
        let status = match refusal {
            TransferRefusal::TransferNotFound => StatusCode::NOT_FOUND,
            TransferRefusal::Forbidden => StatusCode::FORBIDDEN,
            TransferRefusal::SameAccount => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::CONFLICT,
        };
        Problem::new(status, refusal.code(), refusal.to_string())
    })
}

/// A transfer that could not be read.
pub(crate) fn read_problem(error: StoreError) -> Problem {
    match error {
        StoreError::NotFound(_) => {
            Problem::new(StatusCode::NOT_FOUND, "transfer-not-found", "there is no transfer with this id")
        }
        error => problem_of_store(error),
    }
}
