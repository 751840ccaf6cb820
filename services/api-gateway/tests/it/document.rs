//! The bank's document: what the services say about themselves, as one.

use axum::body::Body;
use axum::response::Response;
use serde_json::{Value, json};

use crate::stage::{Stage, problem};

#[tokio::test]
async fn the_services_documents_are_joined_for_everybody() {
    let stage = Stage::answering(|request| async move {
        assert_eq!((request.uri.as_str(), request.header("authorization")), ("/openapi.json", ""));
        let document = json!({
            "paths": {"/v1/accounts": {"post": {"operationId": "openAccount", "responses": {}}}},
            "components": {"schemas": {}},
        });
        Response::new(Body::from(document.to_string()))
    })
    .await;

    let answer = stage.http.get(format!("{}/openapi.json", stage.url)).send().await.unwrap();

    assert_eq!(answer.status(), 200);
    let document: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["paths"]["/v1/accounts"]["post"]["operationId"], "openAccount");
    // All five of them.
    assert_eq!(stage.seen().len(), 5);
}

#[tokio::test]
async fn a_service_that_is_away_or_speaks_otherwise_is_named() {
    let away = Stage::at("http://127.0.0.1:9").await;
    let answer = problem(away.get("/openapi.json").await, 503, "upstream-unavailable").await;
    assert_eq!(answer["service"], "accounts");
    let other = Stage::plain().await;
    problem(other.get("/openapi.json").await, 502, "upstream-failed").await;
}

#[tokio::test]
async fn the_page_comes_from_the_gateway_alone() {
    let stage = Stage::plain().await;
    for (path, content_type) in [
        ("/docs/", "text/html"),
        ("/docs/swagger-ui-bundle.js", "text/javascript"),
        ("/docs/swagger-initializer.js", "text/javascript"),
    ] {
        let answer = stage.http.get(format!("{}{path}", stage.url)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["content-type"], content_type);
        assert!(answer.headers()["content-security-policy"].to_str().unwrap().contains("default-src 'self'"));
    }
    let moved = stage.get("/docs").await;
    assert_eq!((moved.status().as_u16(), &moved.headers()["location"]), (308, &"/docs/".parse().unwrap()));
    assert!(stage.seen().is_empty());
}
