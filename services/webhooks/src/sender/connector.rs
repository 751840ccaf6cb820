//! Connects to what a name leads to, after a look at where that is.
//!
//! Invariant: the address that was looked at is the one that is connected to. A name that leads elsewhere a moment later
//! (DNS rebinding), or that is an address itself, is no way around.

use std::future::ready;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use http::Uri;
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::net::{TcpStream, lookup_host};
use tower::Service;

use super::addresses::is_public;

/// Why there is no connection.
#[derive(Debug, Error)]
pub(crate) enum ConnectError {
    #[error("the address names no host")]
    NoHost,
    #[error("the name leads to no public address")]
    AddressRefused,
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Connects to public addresses, and to others only when told so.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CheckedConnector {
    pub(crate) allow_private: bool,
}

impl Service<Uri> for CheckedConnector {
    type Response = TokioIo<TcpStream>;
    type Error = ConnectError;
    type Future = BoxFuture<'static, Result<Self::Response, ConnectError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connector = *self;
        let Some((host, port)) = target(&uri) else {
            return Box::pin(ready(Err(ConnectError::NoHost)));
        };
        Box::pin(async move { connector.connect(&host, port).await })
    }
}

impl CheckedConnector {
    async fn connect(self, host: &str, port: u16) -> Result<TokioIo<TcpStream>, ConnectError> {
        let mut refused = ConnectError::AddressRefused;
        for address in lookup_host((host, port)).await?.filter(|address| self.may_reach(*address)) {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    return Ok(TokioIo::new(stream));
                }
                Err(error) => refused = error.into(),
            }
        }
        Err(refused)
    }

    fn may_reach(self, address: SocketAddr) -> bool {
        self.allow_private || is_public(address.ip())
    }
}

fn target(uri: &Uri) -> Option<(String, u16)> {
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']');
    let usual = if uri.scheme_str() == Some("http") { 80 } else { 443 };
    Some((host.to_owned(), uri.port_u16().unwrap_or(usual)))
}
