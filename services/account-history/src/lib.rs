//! account-history
