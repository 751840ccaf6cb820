//! How what was not done becomes an answer.

use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderValue, StatusCode};
use domain::customer::CustomerRefusal;
use event_store::ExecuteError;
use service_kit::command::{problem_of, problem_of_store};
use service_kit::http::Problem;

use crate::application::CustomerError;
use crate::passwords::PasswordError;
use crate::vault::VaultError;

pub(crate) fn problem(error: CustomerError) -> Problem {
    let said = error.to_string();
    match error {
        CustomerError::Command(error) => problem_of_command(error),
        CustomerError::Store(error) => problem_of_store(error),
        CustomerError::Vault(error @ (VaultError::Database(_) | VaultError::Busy)) => {
            tracing::warn!(%error, "the vault did not do what it was asked to");
            Problem::overloaded("the vault is unavailable; repeat the request under the same Idempotency-Key")
        }
        CustomerError::Password(PasswordError::Overloaded) => Problem::overloaded(said),
        CustomerError::EmailTaken => Problem::new(StatusCode::CONFLICT, "email-taken", said),
        CustomerError::WrongCredentials => unauthorized("wrong-credentials", said),
        CustomerError::WrongPassword => Problem::new(StatusCode::FORBIDDEN, "wrong-password", said),
        CustomerError::Locked(seconds) => {
            let detail = format!("too many wrong passwords; try again in {seconds} seconds");
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-attempts", detail).retry_after(seconds)
        }
        CustomerError::RefreshRefused => unauthorized("refresh-refused", said),
        CustomerError::NotFound => Problem::new(StatusCode::NOT_FOUND, "customer-not-found", said),
        CustomerError::AccountNotFound => Problem::new(StatusCode::NOT_FOUND, "account-not-found", said),
        CustomerError::OwnAccount => Problem::new(StatusCode::CONFLICT, "own-account", said),
        error @ (CustomerError::Vault(_)
        | CustomerError::Seal(_)
        | CustomerError::Password(PasswordError::Failed(_))
        | CustomerError::Token(_)
        | CustomerError::Unreadable) => Problem::internal(&error),
    }
}

/// RFC 9110, 15.5.2: every 401 says which scheme would do.
fn unauthorized(code: &'static str, detail: String) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, code, detail)
        .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}

fn problem_of_command(error: ExecuteError<CustomerRefusal>) -> Problem {
    problem_of(error, |refusal| {
        let status = match refusal {
            CustomerRefusal::CustomerNotFound | CustomerRefusal::PayeeNotFound => StatusCode::NOT_FOUND,
            _ => StatusCode::CONFLICT,
        };
        Problem::new(status, refusal.code(), refusal.to_string())
    })
}
