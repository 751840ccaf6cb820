//! What reaches a service, and what comes back.

use axum::body::Body;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;

use crate::stage::{Stage, problem};

const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const ID: &str = "0192f0c1-2345-7abc-8def-0123456789ab";

#[tokio::test]
async fn every_route_reaches_a_service_as_it_is() {
    let stage = Stage::plain().await;
    let mut expected = Vec::new();
    let routes = [
        (Method::POST, "/v1/accounts"),
        (Method::GET, "/v1/accounts?customerId=a%20b&limit=2"),
        (Method::GET, "/v1/accounts/ID?minVersion=3"),
        (Method::GET, "/v1/accounts/ID/entries"),
        (Method::GET, "/v1/accounts/ID/transfers"),
        (Method::POST, "/v1/accounts/ID/deposits"),
        (Method::POST, "/v1/accounts/ID/withdrawals"),
        (Method::POST, "/v1/accounts/ID/freeze"),
        (Method::POST, "/v1/accounts/ID/unfreeze"),
        (Method::POST, "/v1/accounts/ID/close"),
        (Method::POST, "/v1/transfers"),
        (Method::GET, "/v1/transfers/ID"),
        (Method::POST, "/v1/transfers/ID/cancel"),
        (Method::POST, "/v1/transfers/ID/reverse"),
        (Method::HEAD, "/v1/transfers/ID"),
    ];
    for (method, path) in routes {
        let path = path.replace("ID", ID);
        assert_eq!(stage.request(method.clone(), &path).send().await.unwrap().status(), 200, "{path}");
        expected.push((method, path));
    }
    let seen: Vec<_> = stage.seen().into_iter().map(|seen| (seen.method, seen.uri)).collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_request_passes_with_its_headers_and_body() {
    let stage = Stage::plain().await;
    let answer = stage
        .request(Method::POST, "/v1/transfers")
        .header("content-type", "application/json")
        .header("idempotency-key", "k1")
        .header("traceparent", TRACEPARENT)
        .header("tracestate", "a=1")
        .header("x-correlation-id", ID)
        .header("x-forwarded-for", "10.0.0.1")
        .header("connection", "keep-alive, x-hop")
        .header("x-hop", "1")
        .header("te", "trailers")
        .body("{\"amount\": 5}")
        .send()
        .await
        .unwrap();

    let seen = stage.only_seen();
    assert_eq!((seen.body.as_str(), seen.header("content-length")), ("{\"amount\": 5}", "13"));
    assert_eq!((seen.header("content-type"), seen.header("idempotency-key")), ("application/json", "k1"));
    assert!(seen.header("traceparent").starts_with("00-0af7651916cd43dd8448eb211c80319c-"));
    assert_ne!(seen.header("traceparent"), TRACEPARENT);
    assert_eq!((seen.header("tracestate"), seen.header("x-correlation-id")), ("a=1", ID));
    assert_eq!(seen.header("x-request-id"), answer.headers()["x-request-id"]);
    assert_eq!(
        (seen.header("x-forwarded-for"), seen.header("x-forwarded-proto")),
        ("10.0.0.1, 127.0.0.1", "http")
    );
    assert_eq!(format!("http://{}", seen.header("x-forwarded-host")), stage.url);
    for gone in ["x-hop", "te"] {
        assert_eq!(seen.header(gone), "", "{gone}");
    }
}

#[tokio::test]
async fn a_request_without_ids_gets_some() {
    let stage = Stage::plain().await;
    stage.get(&format!("/v1/transfers/{ID}")).await;
    let seen = stage.only_seen();
    assert_eq!(seen.header("x-request-id").len(), 36);
    assert_eq!(seen.header("x-correlation-id"), seen.header("x-request-id"));
    assert_eq!(seen.header("traceparent").len(), TRACEPARENT.len());
    assert_eq!(seen.header("content-length"), "");
}

#[tokio::test]
async fn an_answer_passes_with_its_status_headers_and_body() {
    let stage = Stage::answering(|seen| async move {
        let headers = [
            ("location", format!("http://{}/v1/accounts/5", seen.header("host"))),
            ("etag", "\"1\"".to_owned()),
            ("keep-alive", "timeout=5".to_owned()),
        ];
        (StatusCode::CREATED, headers, "{}").into_response()
    })
    .await;
    let answer = stage.request(Method::POST, "/v1/accounts").body("{}").send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let header =
        |headers: &HeaderMap, name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(header(answer.headers(), "location").as_deref(), Some("/v1/accounts/5"));
    assert_eq!(header(answer.headers(), "etag").as_deref(), Some("\"1\""));
    assert_eq!(header(answer.headers(), "keep-alive"), None);
    assert_eq!(answer.text().await.unwrap(), "{}");
}

#[tokio::test]
async fn redirects_and_problems_of_a_service_are_the_clients_affair() {
    for status in [303_u16, 404, 409, 422, 500, 503] {
        let stage = Stage::answering(move |_| async move {
            let problem = [("content-type", "application/problem+json"), ("location", "/v1/elsewhere")];
            (StatusCode::from_u16(status).unwrap(), problem, "{\"code\":\"its-own\"}").into_response()
        })
        .await;
        let answer = stage.get(&format!("/v1/transfers/{ID}")).await;
        assert_eq!(answer.headers()["location"], "/v1/elsewhere");
        problem(answer, status, "its-own").await;
        assert_eq!(stage.seen().len(), 1);
    }
}

#[tokio::test]
async fn an_answer_is_streamed() {
    let (sender, receiver) = futures::channel::oneshot::channel::<()>();
    let receiver = std::sync::Arc::new(std::sync::Mutex::new(Some(receiver)));
    let stage = Stage::answering(move |_| {
        let receiver = receiver.lock().unwrap().take().unwrap();
        async move {
            let first = futures::stream::once(async { Ok::<_, std::io::Error>("first ") });
            let second = futures::stream::once(async {
                receiver.await.unwrap();
                Ok("second")
            });
            Response::new(Body::from_stream(first.chain(second)))
        }
    })
    .await;
    let mut chunks = stage.get("/v1/accounts").await.bytes_stream();
    assert_eq!(chunks.next().await.unwrap().unwrap(), "first ");
    sender.send(()).unwrap();
    assert_eq!(chunks.next().await.unwrap().unwrap(), "second");
}
