//! What is sent, to receivers that misbehave.

use std::num::{NonZeroU32, NonZeroUsize};

use service_kit::Span;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::*;

fn settings() -> DeliverySettings {
    DeliverySettings {
        allow_http: true,
        allow_private_addresses: true,
        timeout: Span::millis(500),
        first_retry: Span::seconds(1),
        longest_retry: Span::seconds(1),
        attempts: NonZeroU32::MIN,
        disable_after: Span::seconds(1),
        at_once: NonZeroUsize::MIN,
        at_once_per_webhook: NonZeroU32::MIN,
        poll_interval: Span::seconds(1),
        keep: Span::seconds(2),
        old_secret_signs: Span::seconds(1),
        most_webhooks: NonZeroU32::MIN,
    }
}

/// Answers one request with these bytes, and gives what was asked.
async fn receiver(answer: &'static str) -> (Endpoint, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks?key=secret", listener.local_addr().unwrap());
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"{}") {
            let mut some = [0; 1024];
            let length = stream.read(&mut some).await.unwrap();
            asked.extend_from_slice(&some[..length]);
        }
        // Whoever sent it may be gone before all of this is read.
        let _ = stream.write_all(answer.as_bytes()).await;
        if answer.is_empty() {
            std::future::pending::<()>().await;
        }
        String::from_utf8(asked).unwrap()
    });
    (url.try_into().unwrap(), asked)
}

async fn post(settings: &DeliverySettings, endpoint: &Endpoint) -> Attempt {
    let outgoing = Outgoing { id: "an-id", timestamp: 7, signature: "v1,abc", body: "{}" };
    Sender::new(settings).unwrap().post(endpoint, &outgoing).await
}

#[tokio::test]
async fn a_message_is_a_cloud_event_with_the_headers_of_standard_webhooks() {
    let (endpoint, asked) = receiver("HTTP/1.1 204 No Content\r\n\r\n").await;

    assert_eq!(post(&settings(), &endpoint).await, Attempt::Delivered(StatusCode::NO_CONTENT));

    let asked = asked.await.unwrap();
    assert!(asked.starts_with("POST /hooks?key=secret HTTP/1.1\r\n"), "{asked}");
    for header in [
        "content-type: application/cloudevents+json",
        "webhook-id: an-id",
        "webhook-timestamp: 7",
        "webhook-signature: v1,abc",
    ] {
        assert!(asked.contains(header), "{header} in {asked}");
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let (endpoint, asked) = receiver(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
    )
    .await;
    assert_eq!(post(&settings(), &endpoint).await, Attempt::Refused(StatusCode::TEMPORARY_REDIRECT));
    asked.await.unwrap();
}

/// A receiver that answers and then sends a body without an end is heard at once.
#[tokio::test]
async fn the_body_of_an_answer_is_not_waited_for() {
    let (endpoint, _asked) =
        receiver("HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\nsome of it").await;
    assert_eq!(post(&settings(), &endpoint).await, Attempt::Delivered(StatusCode::OK));
}

#[tokio::test]
async fn a_head_without_an_end_is_no_answer() {
    let head: &'static str =
        Box::leak(format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(MAX_HEAD)).into_boxed_str());
    let (endpoint, _asked) = receiver(head).await;
    assert_eq!(post(&settings(), &endpoint).await, Attempt::Failed(Trouble::Unreachable));
}

#[tokio::test]
async fn who_does_not_answer_is_given_up() {
    let (endpoint, asked) = receiver("").await;
    assert_eq!(post(&settings(), &endpoint).await, Attempt::Failed(Trouble::Timeout));
    asked.abort();
}

#[tokio::test]
async fn an_address_of_this_machine_is_refused_however_it_is_written() {
    let settings = DeliverySettings { allow_private_addresses: false, ..settings() };
    for host in [
        "127.0.0.1:9",
        "localhost:9",
        "[::1]:9",
        "127.1:9",
        "0.0.0.0:9",
        "[::ffff:127.0.0.1]:9",
        "2130706433:9",
    ] {
        let endpoint = format!("http://{host}/").try_into().unwrap();
        assert_eq!(post(&settings, &endpoint).await, Attempt::Failed(Trouble::AddressRefused), "{host}");
    }
    let endpoint = "https://localhost:9/".to_owned().try_into().unwrap();
    assert_eq!(post(&settings, &endpoint).await, Attempt::Failed(Trouble::AddressRefused));
}

#[tokio::test]
async fn plain_http_is_refused_once_it_is_not_allowed() {
    let settings = DeliverySettings { allow_http: false, ..settings() };
    let endpoint = "http://example.org/".to_owned().try_into().unwrap();
    assert_eq!(post(&settings, &endpoint).await, Attempt::Failed(Trouble::PlainHttp));
}

/// Nobody vouches for a listener that speaks no TLS at all.
#[tokio::test]
async fn https_is_not_answered_in_plain_text() {
    let (endpoint, asked) = receiver("HTTP/1.1 200 OK\r\n\r\n").await;
    let https = endpoint.as_str().replace("http://", "https://").try_into().unwrap();
    assert!(matches!(post(&settings(), &https).await, Attempt::Failed(_)));
    asked.abort();
}
