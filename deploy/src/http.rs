//! One HTTP request at a time, by hand: a smoke test wants to hold a request in the middle, which a client hides.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use uuid::Uuid;

use crate::catalog::Request;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is read of an answer at most.
const ENOUGH: u64 = 256 * 1024;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// `GET path`, without a token.
pub(crate) async fn get(address: &str, path: &str) -> io::Result<Answer> {
    let request = Request { method: "GET".to_owned(), path: path.to_owned(), status: 200, body: None };
    ask(address, &request, None).await
}

/// Makes the request.
pub(crate) async fn ask(address: &str, request: &Request, token: Option<&str>) -> io::Result<Answer> {
    in_time(async {
        let mut stream = TcpStream::connect(address).await?;
        let body = request.body.as_deref().unwrap_or_default();
        stream.write_all(format!("{}{body}", head(address, request, token, "")).as_bytes()).await?;
        read_answer(&mut stream).await
    })
    .await
}

/// A request that the service has begun to read, and whose body it waits for.
pub(crate) struct Held {
    stream: TcpStream,
    body: String,
}

impl Held {
    /// Sends the head, and waits until the service asks for the body: from then on the request is in its hands.
    pub(crate) async fn begin(address: &str, request: &Request, token: Option<&str>) -> io::Result<Self> {
        in_time(async {
            let mut stream = TcpStream::connect(address).await?;
            let head = head(address, request, token, "Expect: 100-continue\r\n");
            stream.write_all(head.as_bytes()).await?;
            let go_on = read_head(&mut stream).await?;
            match status_of(&go_on)? {
                100 => Ok(Self { stream, body: request.body.clone().unwrap_or_default() }),
                status => Err(io::Error::other(format!("answered {status} before it had read the body"))),
            }
        })
        .await
    }

    /// Sends the body, and reads the answer.
    pub(crate) async fn finish(mut self) -> io::Result<Answer> {
        in_time(async {
            self.stream.write_all(self.body.as_bytes()).await?;
            read_answer(&mut self.stream).await
        })
        .await
    }
}

async fn in_time<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let late =
        || io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {} s", PATIENCE.as_secs()));
    timeout(PATIENCE, work).await.unwrap_or_else(|_| Err(late()))
}

fn head(address: &str, request: &Request, token: Option<&str>, more: &str) -> String {
    let mut head =
        format!("{} {} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n", request.method, request.path);
    if let Some(token) = token {
        head += &format!("Authorization: Bearer {token}\r\n");
    }
    if let Some(body) = &request.body {
        // Each request is one of its own, never a repetition.
        head += &format!("Idempotency-Key: {}\r\n", Uuid::now_v7());
        head += &format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    }
    format!("{head}{more}\r\n")
}

/// Up to the empty line, a byte at a time: what follows belongs to the next answer.
async fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") && bytes.len() < 16 * 1024 {
        bytes.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The connection ends with the answer.
async fn read_answer(stream: &mut TcpStream) -> io::Result<Answer> {
    let head = read_head(stream).await?;
    let mut body = Vec::new();
    stream.take(ENOUGH).read_to_end(&mut body).await?;
    Ok(Answer { status: status_of(&head)?, body: String::from_utf8_lossy(&body).trim().to_owned() })
}

fn status_of(head: &str) -> io::Result<u16> {
    let status =
        head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).and_then(|text| text.parse().ok());
    status.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "whoever answers there speaks no HTTP"))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    fn post(body: &str) -> Request {
        let (method, path) = ("POST".to_owned(), "/v1/accounts".to_owned());
        Request { method, path, status: 201, body: Some(body.to_owned()) }
    }

    /// Says each of `lines` when it has read the text before it, and gives all that it read.
    async fn scripted(
        script: Vec<(&'static str, &'static str)>,
    ) -> (String, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut seen = String::new();
            for (until, answer) in script {
                while !seen.ends_with(until) {
                    seen.push(char::from(stream.read_u8().await.unwrap()));
                }
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            seen
        });
        (address, served)
    }

    #[tokio::test]
    async fn a_request_is_made_with_token_and_body() {
        let (address, served) =
            scripted(vec![("{}", "HTTP/1.1 201 Created\r\nx: y\r\n\r\n{\"id\":1}\n")]).await;
        let answer = ask(&address, &post("{}"), Some("abc")).await.unwrap();
        assert_eq!(answer, Answer { status: 201, body: "{\"id\":1}".to_owned() });
        let seen = served.await.unwrap();
        assert!(seen.starts_with("POST /v1/accounts HTTP/1.1\r\n"), "{seen}");
        assert!(
            seen.contains("Authorization: Bearer abc\r\n") && seen.contains("Content-Length: 2\r\n"),
            "{seen}"
        );
    }

    #[tokio::test]
    async fn a_held_request_is_in_the_services_hands_before_its_body_is_sent() {
        let script =
            vec![("\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n"), ("{}", "HTTP/1.1 201 Created\r\n\r\nok")];
        let (address, served) = scripted(script).await;
        let held = Held::begin(&address, &post("{}"), None).await.unwrap();
        assert_eq!(held.finish().await.unwrap().status, 201);
        assert!(served.await.unwrap().contains("Expect: 100-continue"));
    }

    #[tokio::test]
    async fn an_answer_before_the_body_is_no_held_request() {
        let (address, _served) = scripted(vec![("\r\n\r\n", "HTTP/1.1 401 Unauthorized\r\n\r\n")]).await;
        let error = Held::begin(&address, &post("{}"), None).await.err().unwrap();
        assert!(error.to_string().contains("401"), "{error}");
    }

    #[tokio::test]
    async fn who_speaks_no_http_is_told() {
        let (address, _served) = scripted(vec![("\r\n\r\n", "SSH-2.0\r\n\r\n")]).await;
        assert!(get(&address, "/readyz").await.unwrap_err().to_string().contains("no HTTP"));
    }
}
