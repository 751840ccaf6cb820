//! Opening the log, and making what is missing.

use any_database::{AnyDatabase, OpenError, Schema};

use crate::log::{AuditError, AuditLog};

/// Several processes make the tables of one log at once, and may share its database with what else they keep.
const SCHEMA: Schema = Schema::Repeated {
    sqlite: include_str!("../sql/sqlite/schema.sql"),
    postgres: include_str!("../sql/postgres/schema.sql"),
};

/// The writer and a reader or two.
const CONNECTIONS: u32 = 3;

impl AuditLog {
    /// Opens the log at `sqlite://FILE` or `postgres://USER:PASSWORD@HOST/DATABASE`, and makes the file, readable to
    /// this user alone, and the tables when they are missing.
    ///
    /// # Errors
    /// When the address is wrong, its driver is not compiled in, or the database cannot be opened.
    pub async fn open(url: &str) -> Result<Self, AuditError> {
        Ok(Self::on(AnyDatabase::open(url, &SCHEMA, CONNECTIONS).await?.pool))
    }
}

impl From<OpenError> for AuditError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Database(error) => error.into(),
            error => Self::Open(error.to_string()),
        }
    }
}
