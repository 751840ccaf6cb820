//! What an address says about TLS.

use crate::OpenError;

/// The same address of a PostgreSQL database with TLS as it says and not as the driver guesses: left alone, the driver
/// falls back to plain text silently.
///
/// # Errors
/// When the address asks for a mode that falls back.
pub fn with_ssl_mode(url: &str) -> Result<String, OpenError> {
    let query = url.split_once('?').map(|(_, query)| query);
    // The driver goes by the last one.
    let mode = query.unwrap_or_default().split('&').rev().find_map(|pair| {
        let (name, mode) = pair.split_once('=')?;
        (name == "sslmode" || name == "ssl-mode").then_some(mode)
    });
    match mode {
        Some("prefer" | "allow") => {
            Err(OpenError::Address("sslmode must be disable, require, verify-ca or verify-full"))
        }
        Some(_) => Ok(url.to_owned()),
        None => Ok(format!("{url}{}sslmode=disable", if query.is_some() { '&' } else { '?' })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_what_the_query_says_and_nothing_before_it() {
        let plain = with_ssl_mode("postgres://bank:sslmode=prefer@localhost/bank").unwrap();
        assert_eq!(plain, "postgres://bank:sslmode=prefer@localhost/bank?sslmode=disable");
        let named = "postgres://bank@localhost/bank?application_name=x&sslmode=verify-full";
        assert_eq!(with_ssl_mode(named).unwrap(), named);
        for falls_back in ["ssl-mode=prefer", "sslmode=allow", "sslmode=require&sslmode=prefer"] {
            assert!(with_ssl_mode(&format!("postgres://bank@localhost/bank?{falls_back}")).is_err());
        }
    }
}
