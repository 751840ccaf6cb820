use axum::body::Body;
use axum::http::Request;
use serde::Deserialize;

use super::*;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    #[serde(default)]
    count: u8,
    #[serde(default)]
    lines: Vec<Line>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(rename = "a/b~c")]
    _text: String,
}

async fn read(content_type: &str, body: &str) -> Result<ValidJson<Order>, Problem> {
    let request =
        Request::post("/").header(CONTENT_TYPE, content_type).body(Body::from(body.to_owned())).unwrap();
    <ValidJson<Order> as FromRequest<()>>::from_request(request, &()).await
}

async fn refused(body: &str) -> (u16, &'static str, Value) {
    use axum::response::IntoResponse;

    let problem = read("application/json", body).await.unwrap_err();
    let (status, code) = (problem.status().as_u16(), problem.code());
    let body = axum::body::to_bytes(problem.into_response().into_body(), usize::MAX).await.unwrap();
    (status, code, serde_json::from_slice::<Value>(&body).unwrap()["pointer"].clone())
}

#[tokio::test]
async fn what_is_no_json_is_told_from_wrong_json() {
    for body in ["", "{", "{\"count\":1}}", "nonsense", "{\"count\":\"x\",", "\u{feff}{}", &"[".repeat(1000)]
    {
        assert_eq!(refused(body).await, (400, "invalid-json", Value::Null), "{body}");
    }
    for (body, pointer) in [
        ("[]", ""),
        ("null", ""),
        (r#"{"count":"1"}"#, "/count"),
        (r#"{"count":256}"#, "/count"),
        (r#"{"count":-1}"#, "/count"),
        (r#"{"count":1.0}"#, "/count"),
        (r#"{"count":1e300}"#, "/count"),
        (r#"{"count":null}"#, "/count"),
        (r#"{"colour":1}"#, "/colour"),
        (r#"{"count":1,"count":2}"#, "/count"),
        (r#"{"lines":[{"a/b~c":"x"},{"a/b~c":5}]}"#, "/lines/1/a~1b~0c"),
        (r#"{"lines":[{}]}"#, "/lines/0/a~1b~0c"),
        (r#"{"lines":[{"a/b~c":"x","d":1}]}"#, "/lines/0/d"),
    ] {
        assert_eq!(refused(body).await, (422, "invalid-body", pointer.into()), "{body}");
    }
}

#[tokio::test]
async fn the_media_type_must_be_json() {
    for right in ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"] {
        assert!(read(right, "{}").await.is_ok(), "{right}");
    }
    for wrong in ["", "text/plain", "application/jsonx", "text/json", "application/x-www-form-urlencoded"] {
        assert_eq!(read(wrong, "{}").await.unwrap_err().code(), "unsupported-media-type", "{wrong}");
    }
}

#[tokio::test]
async fn the_same_document_has_the_same_hash() {
    let one = read("application/json", r#"{"count":1,"lines":[]}"#).await.unwrap();
    let other = read("application/json", "{ \"lines\": [],\n \"count\": 1 }").await.unwrap();
    assert_eq!(one.hash, other.hash);
    assert_eq!((one.value.count, one.value.lines.len()), (1, 0));
    let another = read("application/json", r#"{"count":2,"lines":[]}"#).await.unwrap();
    assert_ne!(one.hash, another.hash);
}

#[tokio::test]
async fn an_optional_body_may_be_missing_but_not_wrong() {
    let read = async |content_type: Option<&str>, body: &str| {
        let mut request = Request::post("/");
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        <ValidJson<Order> as OptionalFromRequest<()>>::from_request(request, &()).await
    };
    let missing = ValidJson::or_default(read(None, "").await.unwrap());
    let empty = ValidJson::or_default(read(Some("application/json"), "{}").await.unwrap());
    assert_eq!((missing.value.count, missing.hash), (empty.value.count, empty.hash));
    assert_eq!(read(None, "{}").await.unwrap_err().code(), "unsupported-media-type");
    assert_eq!(read(Some("application/json"), "{").await.unwrap_err().code(), "invalid-json");
}

#[tokio::test]
async fn a_body_has_a_limit_whether_announced_or_not() {
    let right = format!("{{\"count\":1{}}}", " ".repeat(DEFAULT_BODY_LIMIT - 11));
    assert_eq!(right.len(), DEFAULT_BODY_LIMIT);
    assert!(read("application/json", &right).await.is_ok());
    let long = " ".repeat(DEFAULT_BODY_LIMIT + 1);
    assert_eq!(read("application/json", &long).await.unwrap_err().code(), "payload-too-large");

    let announced = HeaderMap::from_iter([(CONTENT_LENGTH, "99999999999".parse().unwrap())]);
    assert_eq!(read_body(&announced, Body::empty(), 10).await.unwrap_err().code(), "payload-too-large");
    let endless =
        futures::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 65536])));
    let endless = Body::from_stream(endless);
    assert_eq!(read_body(&HeaderMap::new(), endless, 10).await.unwrap_err().code(), "payload-too-large");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_arrive_is_not_waited_for() {
    let never = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
    let problem = read_body(&HeaderMap::new(), never, 10).await.unwrap_err();
    assert_eq!((problem.status().as_u16(), problem.code()), (408, "body-timeout"));
}
