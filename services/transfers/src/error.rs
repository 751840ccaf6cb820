//! How a refused or failed command becomes an answer.

use axum::http::StatusCode;
use domain::bulk_transfer::BulkTransferRefusal;
use domain::order::OrderRefusal;
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

/// An order that refused, or could not be reached. What is wrong with it is named by its place in the body.
pub(crate) fn order_problem(error: ExecuteError<OrderRefusal>) -> Problem {
    problem_of(error, |refusal| {
        let wrong = |pointer: &str| {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, refusal.code(), refusal.to_string())
                .pointer(pointer)
        };
        match refusal {
            OrderRefusal::TransferOrderNotFound => order_not_found(),
            OrderRefusal::SameAccount => wrong("/toAccountId"),
            OrderRefusal::StartPassed => wrong("/schedule/startDate"),
            OrderRefusal::InvalidSchedule { rule } => wrong(&format!("/schedule{}", rule.field())),
            OrderRefusal::AlreadyPlaced | OrderRefusal::OrderCompleted => {
                Problem::new(StatusCode::CONFLICT, refusal.code(), refusal.to_string())
            }
        }
    })
}

/// An order that could not be read.
pub(crate) fn read_order_problem(error: StoreError) -> Problem {
    match error {
        StoreError::NotFound(_) => order_not_found(),
        error => problem_of_store(error),
    }
}

pub(crate) fn order_not_found() -> Problem {
    let refusal = OrderRefusal::TransferOrderNotFound;
    Problem::new(StatusCode::NOT_FOUND, refusal.code(), refusal.to_string())
}
