//! Stands in the lock file for the SQLite driver of sqlx 0.8, and is never compiled.
//!
//! The peers use sqlx 0.8 with PostgreSQL alone, but Cargo locks its optional drivers too, and only one SQLite may
//! be linked. Without this stand-in, sqlx 0.8 would choose an older SQLite than the one that the bank ships.
