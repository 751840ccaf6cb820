//! How a refused or failed command becomes an answer.

use axum::http::StatusCode;
use domain::bulk_transfer::BulkTransferRefusal;
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

pub(crate) fn bulk_problem(error: ExecuteError<BulkTransferRefusal>) -> Problem {
    problem_of(error, |refusal| {
        let status = match refusal {
            BulkTransferRefusal::BulkTransferNotFound => StatusCode::NOT_FOUND,
            BulkTransferRefusal::SameAccount | BulkTransferRefusal::WrongNumberOfLines => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            _ => StatusCode::CONFLICT,
        };
        Problem::new(status, refusal.code(), refusal.to_string())
    })
}

/// A bulk transfer that could not be read.
pub(crate) fn read_bulk_problem(error: StoreError) -> Problem {
    match error {
        StoreError::NotFound(_) => {
            let refusal = BulkTransferRefusal::BulkTransferNotFound;
            Problem::new(StatusCode::NOT_FOUND, refusal.code(), "there is no bulk transfer with this id")
        }
        error => problem_of_store(error),
    }
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
