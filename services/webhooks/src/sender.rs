//! Sending: one POST, to the address that the webhook names and nowhere else.
//!
//! Invariants: no redirect is followed and no proxy is used; a connection goes to an address that was looked at after its
//! name was resolved ([`connector`]), each time anew; and of an answer only the status counts: its body is not read.

mod addresses;
mod connector;

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::{CryptoProvider, ring};
use rustls::{ClientConfig, RootCertStore};

use self::connector::{CheckedConnector, ConnectError};
use crate::config::DeliverySettings;
use crate::endpoint::Endpoint;

const AGENT: &str = concat!("bank-webhooks/", env!("CARGO_PKG_VERSION"));
const CLOUD_EVENT: &str = "application/cloudevents+json";
/// The longest head of an answer, in bytes.
const MAX_HEAD: usize = 16 * 1024;

/// What is sent, ready to go.
pub(crate) struct Outgoing<'a> {
    pub(crate) id: &'a str,
    pub(crate) timestamp: i64,
    pub(crate) signature: &'a str,
    pub(crate) body: &'a str,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// The receiver has it: a status of 200 to 299.
    Delivered(StatusCode),
    /// The receiver answered something else.
    Refused(StatusCode),
    /// No answer came.
    Failed(Trouble),
}

/// Why no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    Timeout,
    /// The name is nobody's, nobody listens, or the connection broke.
    Unreachable,
    /// The name leads to where nothing may be sent.
    AddressRefused,
    /// Plain HTTP is not allowed any more.
    PlainHttp,
}

impl Trouble {
    /// The stable word for it.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::AddressRefused => "address-refused",
            Self::PlainHttp => "plain-http",
        }
    }
}

/// Sends. Clones share what they know of certificates.
#[derive(Clone)]
pub(crate) struct Sender {
    client: Client<HttpsConnector<CheckedConnector>, Full<Bytes>>,
    timeout: Duration,
    allow_http: bool,
}

impl Sender {
    pub(crate) fn new(settings: &DeliverySettings) -> anyhow::Result<Self> {
        let connector = CheckedConnector { allow_private: settings.allow_private_addresses };
        let connector = tls()?.https_or_http().enable_http1().wrap_connector(connector);
        // Without a pool each delivery connects, so that the address is looked at each time.
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .http1_max_buf_size(MAX_HEAD)
            .build(connector);
        Ok(Self { client, timeout: settings.timeout.get(), allow_http: settings.allow_http })
    }

    pub(crate) async fn post(&self, endpoint: &Endpoint, outgoing: &Outgoing<'_>) -> Attempt {
        if endpoint.is_plain() && !self.allow_http {
            return Attempt::Failed(Trouble::PlainHttp);
        }
        let Ok(request) = request(endpoint, outgoing) else {
            return Attempt::Failed(Trouble::Unreachable);
        };
        match tokio::time::timeout(self.timeout, self.client.request(request)).await {
            Err(_) => Attempt::Failed(Trouble::Timeout),
            Ok(Err(error)) => Attempt::Failed(trouble(&error)),
            Ok(Ok(answer)) if answer.status().is_success() => Attempt::Delivered(answer.status()),
            Ok(Ok(answer)) => Attempt::Refused(answer.status()),
        }
    }
}

fn request(endpoint: &Endpoint, outgoing: &Outgoing<'_>) -> http::Result<Request<Full<Bytes>>> {
    Request::builder()
        .method(Method::POST)
        .uri(endpoint.uri())
        .header(CONTENT_TYPE, CLOUD_EVENT)
        .header(USER_AGENT, AGENT)
        .header("webhook-id", outgoing.id)
        .header("webhook-timestamp", outgoing.timestamp)
        .header("webhook-signature", outgoing.signature)
        .body(Full::new(Bytes::copy_from_slice(outgoing.body.as_bytes())))
}

fn trouble(error: &(dyn StdError + 'static)) -> Trouble {
    let mut causes =
        std::iter::successors(Some(error), |error: &&(dyn StdError + 'static)| (*error).source());
    let refused = causes
        .any(|cause| matches!(cause.downcast_ref::<ConnectError>(), Some(ConnectError::AddressRefused)));
    if refused { Trouble::AddressRefused } else { Trouble::Unreachable }
}

/// With the system's roots. A machine without any can send to nobody who has a certificate, and runs all the same.
fn tls() -> anyhow::Result<HttpsConnectorBuilder<hyper_rustls::builderstates::WantsSchemes>> {
    match HttpsConnectorBuilder::new().with_provider_and_native_roots(provider()) {
        Ok(builder) => Ok(builder),
        Err(error) => {
            tracing::warn!(%error, "no certificate is trusted here: nothing can be delivered to https:// addresses");
            let config = ClientConfig::builder_with_provider(Arc::new(provider()))
                .with_safe_default_protocol_versions()?
                .with_root_certificates(RootCertStore::empty())
                .with_no_client_auth();
            Ok(HttpsConnectorBuilder::new().with_tls_config(config))
        }
    }
}

/// Given by name, so that nothing depends on which provider a process has installed.
fn provider() -> CryptoProvider {
    ring::default_provider()
}

#[cfg(test)]
mod tests;
