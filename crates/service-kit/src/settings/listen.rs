//! The address that a service listens on.

use std::fmt;
use std::io;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

/// `host:port`; the host may be a name, port 0 takes a free port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ListenAddr {
    host: String,
    port: u16,
}

impl ListenAddr {
    /// This port on 127.0.0.1.
    #[must_use]
    pub fn loopback(port: u16) -> Self {
        Self { host: "127.0.0.1".to_owned(), port }
    }

    /// The port as written; 0 when a free one is wanted.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where a process on the same machine finds what listens here: an address that stands for all of the machine's is
    /// none to connect to.
    #[must_use]
    pub fn from_here(&self) -> Self {
        let host = match self.host.as_str() {
            "0.0.0.0" => "127.0.0.1",
            "[::]" => "[::1]",
            named => named,
        };
        Self { host: host.to_owned(), port: self.port }
    }

    /// Starts listening.
    ///
    /// # Errors
    /// When the address is taken, forbidden or does not resolve; the error names the address.
    pub async fn bind(&self) -> io::Result<TcpListener> {
        TcpListener::bind(self.to_string())
            .await
            .map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {self}: {error}")))
    }
}

impl FromStr for ListenAddr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let explain = || {
            format!(
                "`{text}` is no address; write HOST:PORT, such as 127.0.0.1:8080 (port 0 takes a free port)"
            )
        };
        let (host, port) = text.trim().rsplit_once(':').ok_or_else(explain)?;
        let port = port.parse().map_err(|_| explain())?;
        let bracketed = host.starts_with('[') && host.ends_with(']');
        if host.is_empty() || host.contains('/') || (host.contains(':') && !bracketed) {
            return Err(explain());
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

impl TryFrom<String> for ListenAddr {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<ListenAddr> for String {
    fn from(address: ListenAddr) -> Self {
        address.to_string()
    }
}

impl fmt::Display for ListenAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_names_numbers_and_port_zero() {
        for text in ["127.0.0.1:8080", "localhost:0", "[::1]:9", "0.0.0.0:80"] {
            assert_eq!(text.parse::<ListenAddr>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn says_what_would_be_right() {
        for text in ["", "8080", ":8080", "localhost", "localhost:http", "h:70000", "http://h:80", "::1:80"] {
            assert!(text.parse::<ListenAddr>().unwrap_err().contains("HOST:PORT"), "{text}");
        }
    }
}
