//! How a query that cannot be answered becomes a problem.

use axum::http::StatusCode;
use event_store::Version;
use service_kit::http::Problem;
use thiserror::Error;

use crate::application::{MOST_CHANGES, MOST_ENTRIES};
use crate::store::ViewError;

/// Seconds after which a view that is behind is worth another look.
const RETRY_AFTER: u64 = 1;

/// Why a query has no answer.
#[derive(Debug, Error)]
pub(crate) enum QueryError {
    #[error("there is no account with this id")]
    AccountNotFound,
    #[error("the view is at version {version}, which is not yet the one that was asked for")]
    OutOfDate { version: Version },
    #[error("the period has more than {MOST_ENTRIES} changes: ask for a shorter one")]
    StatementTooLong,
    #[error("the period has more than {MOST_CHANGES} changes: ask for a shorter one")]
    CurveTooLong,
    #[error(
        "the period has more than {most} changes: ask for a shorter one, or for one point for each `interval`"
    )]
    TooManyChanges { most: usize },
    #[error(transparent)]
    Views(#[from] ViewError),
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        let detail = error.to_string();
        match error {
            QueryError::AccountNotFound => Self::new(StatusCode::NOT_FOUND, "account-not-found", detail),
            QueryError::StatementTooLong => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "statement-too-long", detail)
            }
            QueryError::CurveTooLong | QueryError::TooManyChanges { .. } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "curve-too-long", detail)
            }
            QueryError::OutOfDate { version } => {
                Self::new(StatusCode::PRECONDITION_FAILED, "view-out-of-date", detail)
                    .with("version", version.0)
                    .retry_after(RETRY_AFTER)
            }
            QueryError::Views(ViewError::Unavailable(_)) => {
                tracing::warn!(error = detail, "a query was not answered");
                Self::overloaded("the views are busy or unavailable")
            }
            QueryError::Views(error) => Self::internal(&error),
        }
    }
}
