//! What the gateway answers itself.

use std::time::Duration;

use audit::{Entry, Filter};
use axum::body::Body;
use axum::http::Method;
use axum::response::Response;
use test_support::eventually;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::stage::{Stage, problem};

const ID: &str = "0192f0c1-2345-7abc-8def-0123456789ab";

#[tokio::test]
async fn unknown_routes_and_wrong_methods_ask_no_service() {
    let stage = Stage::plain().await;
    for path in [
        "/",
        "/v1",
        "/v1/nothing",
        "/v2/accounts",
        "/internal/streams/account/5/events",
        "/v1/accounts/5/nothing",
    ] {
        problem(stage.get(path).await, 404, "route-not-found").await;
    }
    for (method, path, allow) in [
        (Method::DELETE, "/v1/accounts", "GET,HEAD,POST"),
        (Method::POST, "/v1/accounts/5", "GET,HEAD"),
        (Method::GET, "/v1/accounts/5/deposits", "POST"),
        (Method::PUT, "/v1/transfers", "POST"),
    ] {
        let answer = stage.request(method, path).send().await.unwrap();
        assert_eq!(answer.headers()["allow"], allow, "{path}");
        problem(answer, 405, "method-not-allowed").await;
    }
    assert!(stage.seen().is_empty());
}

/// (method and route, status, code) of what the gateway has kept so far.
async fn kept(stage: &Stage) -> Vec<(String, u16, Option<String>)> {
    let (entries, _) = stage.audit.read(&Filter::default(), 0, 1000).await.unwrap();
    entries
        .into_iter()
        .map(|Entry { decision, .. }| (decision.action, decision.status, decision.code))
        .collect()
}

#[tokio::test]
async fn what_it_decides_itself_is_in_the_audit_log_and_what_a_service_decides_is_left_to_the_service() {
    let stage =
        Stage::answering(|_| async { Response::builder().status(403).body(Body::from("no")).unwrap() }).await;
    let path = format!("/v1/transfers/{ID}/cancel");
    let answer = stage.request(Method::POST, &path).send().await.unwrap();
    assert_eq!(answer.status(), 403);
    assert_eq!(kept(&stage).await, []);

    let stranger = stage.http.post(format!("{}{path}", stage.url)).send().await.unwrap();
    problem(stranger, 401, "unauthenticated").await;
    let refused = ("POST /v1/transfers/{id}/cancel".to_owned(), 401, Some("unauthenticated".to_owned()));
    assert_eq!(kept(&stage).await, [refused]);
}

/// Whether it was carried out, nobody knows: that it was asked for is kept here.
#[tokio::test]
async fn a_command_that_no_service_answered_is_in_the_audit_log() {
    let stage = Stage::at("http://127.0.0.1:1").await;
    let path = format!("/v1/transfers/{ID}/cancel");
    let answer = stage.request(Method::POST, &path).send().await.unwrap();
    problem(answer, 503, "upstream-unavailable").await;
    let asked = ("POST /v1/transfers/{id}/cancel".to_owned(), 503, Some("upstream-unavailable".to_owned()));
    assert_eq!(kept(&stage).await, [asked]);
}

#[tokio::test]
async fn without_a_believable_token_no_service_is_asked() {
    let stage = Stage::plain().await;
    let path = format!("{}/v1/transfers/{ID}", stage.url);
    problem(stage.http.get(&path).send().await.unwrap(), 401, "unauthenticated").await;
    let longer = format!("{}x", stage.token);
    for token in ["", "x", "a.b.c", &longer] {
        let answer = stage.http.get(&path).bearer_auth(token).send().await.unwrap();
        assert!(answer.headers()["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
        problem(answer, 401, "unauthenticated").await;
    }
    assert!(stage.seen().is_empty());
    assert_eq!(stage.get(&format!("/v1/transfers/{ID}")).await.status(), 200);
    assert!(stage.only_seen().header("authorization").starts_with("Bearer "));
}

#[tokio::test]
async fn a_path_that_would_become_another_one_is_refused() {
    let stage = Stage::plain().await;
    let address = stage.url.strip_prefix("http://").unwrap();
    // By hand, because every client tidies such a path up itself.
    for path in ["/v1/accounts/..", "/v1/accounts/%2e%2e/entries"] {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let token = &stage.token;
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("invalid-path"), "{answer}");
    }
    assert!(stage.seen().is_empty());
}

#[tokio::test]
async fn a_long_body_stops_at_the_gateway() {
    let stage = Stage::plain().await;
    let send = async |body: reqwest::Body| {
        stage.request(Method::POST, "/v1/accounts").body(body).send().await.unwrap()
    };
    assert_eq!(send("b".repeat(1000).into()).await.status(), 200);
    for length in [1001, 2_000_000] {
        problem(send("b".repeat(length).into()).await, 413, "payload-too-large").await;
    }
    let chunks = futures::stream::iter((0..100).map(|_| Ok::<_, std::io::Error>("b".repeat(100))));
    problem(send(reqwest::Body::wrap_stream(chunks)).await, 413, "payload-too-large").await;
    assert_eq!(stage.seen().len(), 1);
}

#[tokio::test]
async fn a_service_that_is_down_is_named() {
    let stage = Stage::at(&nobody_listens().await).await;
    for (method, path, service) in [
        (Method::POST, "/v1/accounts".to_owned(), "accounts"),
        (Method::GET, "/v1/accounts".to_owned(), "account-history"),
        (Method::GET, format!("/v1/transfers/{ID}"), "transfers"),
    ] {
        let answer = stage.request(method, &path).body("{}").send().await.unwrap();
        assert_eq!(answer.headers()["retry-after"], "1");
        let body = problem(answer, 503, "upstream-unavailable").await;
        assert_eq!(body["service"], service);
        assert!(body["detail"].as_str().unwrap().contains(service));
    }
    let ready = stage.get("/readyz?verbose").await;
    assert_eq!(ready.status(), 503);
    let text = ready.text().await.unwrap();
    assert!(
        ["[-] accounts:", "[-] transfers:", "[-] account-history:"].iter().all(|line| text.contains(line)),
        "{text}"
    );
    assert_eq!(stage.get("/livez").await.status(), 200);
}

#[tokio::test]
async fn a_service_that_is_back_is_asked_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let stage = Stage::at(&format!("http://{address}")).await;
    problem(stage.get("/v1/accounts").await, 503, "upstream-unavailable").await;
    let listener = TcpListener::bind(address).await.unwrap();
    tokio::spawn(service_kit::http::serve(
        listener,
        axum::Router::new().fallback(|| async { "ok" }),
        64,
        tokio_util::sync::CancellationToken::new(),
        Duration::ZERO,
    ));
    eventually(|| async {
        let status = stage.get("/v1/accounts").await.status();
        if status == 200 { Ok(()) } else { Err(status) }
    })
    .await;
    assert_eq!(stage.get("/readyz").await.status(), 200);
}

#[tokio::test]
async fn a_service_that_is_slow_is_given_up_and_not_asked_twice() {
    let stage = Stage::answering(|_| std::future::pending()).await;
    let body = problem(stage.get("/v1/accounts").await, 504, "upstream-timeout").await;
    assert_eq!(body["service"], "account-history");
    assert_eq!(stage.seen().len(), 1);
}

#[tokio::test]
async fn a_wait_that_the_client_prefers_is_granted() {
    let stage = Stage::answering(|_| async {
        tokio::time::sleep(Duration::from_millis(900)).await;
        Response::new(Body::from("late"))
    })
    .await;
    let answer = stage.request(Method::GET, "/v1/accounts").header("prefer", "wait=5").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), (200, "late"));
}

#[tokio::test]
async fn a_broken_connection_is_tried_again_only_where_that_is_safe() {
    for (method, path, key, tries) in [
        (Method::GET, "/v1/accounts", None, 2),
        (Method::POST, "/v1/accounts", Some("k"), 2),
        (Method::POST, "/v1/accounts", None, 1),
        // These know no keys: a second try would be a second sign-in, or use a refresh token twice.
        (Method::POST, "/v1/sessions", Some("k"), 1),
        (Method::POST, "/v1/sessions/refresh", Some("k"), 1),
        (Method::DELETE, "/v1/sessions/current", Some("k"), 1),
        (Method::PUT, "/v1/customers/me/password", Some("k"), 1),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let read = stream.read(&mut [0; 4096]).await;
                sender.send(read.is_ok()).unwrap();
                // Dropped without an answer.
            }
        });
        let stage = Stage::at(&format!("http://{address}")).await;
        let mut request = stage.request(method, path);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        problem(request.send().await.unwrap(), 502, "upstream-failed").await;
        let mut seen = 0;
        while receiver.try_recv().is_ok() {
            seen += 1;
        }
        assert_eq!(seen, tries, "{path}");
    }
}

/// An address that was free a moment ago.
async fn nobody_listens() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
