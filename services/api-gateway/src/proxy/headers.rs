//! Which headers pass the gateway, and which it adds.

use std::net::IpAddr;

use axum::http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use service_kit::http::{CORRELATION_ID, REQUEST_ID, RequestContext};

/// RFC 9110, section 7.6.1: these speak of one connection, not of the message.
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The headers of a request on its way to a service.
pub(super) fn inbound(mut headers: HeaderMap, peer: Option<IpAddr>, context: &RequestContext) -> HeaderMap {
    remove_hop_by_hop(&mut headers);
    let host = headers.remove(HOST);
    // The body is at hand and is measured again.
    headers.remove(CONTENT_LENGTH);
    headers.remove(EXPECT);

    let seen =
        headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok().map(str::to_owned));
    let chain: Vec<String> = seen.chain(peer.map(|peer| peer.to_string())).collect();
    set(&mut headers, FORWARDED_FOR, &chain.join(", "));
    // Something in front of the gateway may have ended TLS and knows better.
    headers.entry(FORWARDED_PROTO).or_insert(HeaderValue::from_static("http"));
    if let Some(host) = host {
        headers.entry(FORWARDED_HOST).or_insert(host);
    }
    set(&mut headers, REQUEST_ID, &context.request_id.to_string());
    set(&mut headers, CORRELATION_ID, &context.correlation_id.to_string());
    set(&mut headers, TRACEPARENT, &context.traceparent);
    set(&mut headers, TRACESTATE, context.tracestate.as_deref().unwrap_or_default());
    headers
}

/// The headers of an answer on its way to the client.
pub(super) fn outbound(mut headers: HeaderMap, origin: &str) -> HeaderMap {
    remove_hop_by_hop(&mut headers);
    let relative = headers
        .get(LOCATION)
        .and_then(|location| location.to_str().ok()?.strip_prefix(origin))
        .filter(|rest| rest.starts_with('/'))
        .and_then(|rest| HeaderValue::from_str(rest).ok());
    if let Some(relative) = relative {
        headers.insert(LOCATION, relative);
    }
    headers
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

/// Replaces a header; an empty value removes it.
fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    headers.remove(&name);
    if let (false, Ok(value)) = (value.is_empty(), HeaderValue::from_str(value)) {
        headers.insert(name, value);
    }
}
