use std::time::Instant;

use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// How many connections the server takes at once.
const PLACES: usize = 2;

/// A server whose `/slow` answers after as long as `slow` says, told to stop by the token.
async fn start(
    slow: Duration,
    drain: Duration,
) -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<()>) {
    let router = Router::new()
        .route(
            "/slow",
            get(move || async move {
                tokio::time::sleep(slow).await;
                "done"
            }),
        )
        .route("/refuses", get(|| async { "get" }))
        .route("/long", get(|| async { vec![b'x'; 64 << 20] }))
        .route(
            "/peer",
            get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() }),
        );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let server = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { serve(listener, router, PLACES, shutdown, drain).await.unwrap() }
    });
    (address, shutdown, server)
}

#[tokio::test]
async fn handlers_know_the_client() {
    let (address, shutdown, server) = start(Duration::ZERO, Duration::ZERO).await;
    let text = reqwest::get(format!("http://{address}/peer")).await.unwrap().text().await.unwrap();
    assert_eq!(text, "127.0.0.1");
    shutdown.cancel();
    server.await.unwrap();
    assert!(reqwest::get(format!("http://{address}/peer")).await.is_err());
}

#[tokio::test]
async fn a_request_in_work_finishes() {
    let (address, shutdown, server) = start(Duration::from_millis(300), Duration::from_secs(60)).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /slow HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let started = Instant::now();
    shutdown.cancel();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("done"), "{answer}");
    server.await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(30), "an idle connection does not hold up the end");
}

#[tokio::test]
async fn a_request_that_does_not_finish_is_cut_off() {
    let (address, shutdown, server) = start(Duration::from_secs(3600), Duration::from_millis(50)).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /slow HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    shutdown.cancel();
    server.await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(answer.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_head_that_does_not_arrive_is_not_waited_for() {
    let (address, _shutdown, _server) = start(Duration::ZERO, Duration::ZERO).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /slow HTTP/1.1\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(HEAD_TIME * 2, stream.read_to_end(&mut answer))
        .await
        .expect("the server hangs up");
}

/// The clock stands still while there is work, so that the time limit passes only once the server waits for the client.
#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_its_answer_is_cut_off() {
    let (address, shutdown, server) = start(Duration::ZERO, Duration::from_secs(3600)).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /long HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
    tokio::time::sleep(READ_TIME * 2).await;
    shutdown.cancel();
    let asked = tokio::time::Instant::now();
    server.await.unwrap();
    assert!(asked.elapsed() < READ_TIME, "the connection was gone before the drain began");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(answer.len() < 64 << 20, "all of it was sent");
}

#[tokio::test]
async fn one_connection_too_many_waits_for_a_place() {
    let (address, shutdown, server) = start(Duration::ZERO, Duration::ZERO).await;
    let mut held = Vec::new();
    for _ in 0..PLACES {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /peer HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
        stream.read_u8().await.unwrap();
        held.push(stream);
    }
    let mut waiting = TcpStream::connect(address).await.unwrap();
    waiting.write_all(b"GET /peer HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(200), waiting.read_u8()).await;
    assert!(early.is_err(), "it was answered although all places are taken");
    held.pop();
    assert_eq!(waiting.read_u8().await.unwrap(), b'H');
    shutdown.cancel();
    server.await.unwrap();
}

/// The answer to a body that nobody reads: it is there although the client was still sending.
#[tokio::test]
async fn a_refusal_reaches_a_client_that_is_still_sending() {
    let (address, shutdown, server) = start(Duration::ZERO, Duration::ZERO).await;
    let body = vec![b'x'; 500_000];
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("POST /refuses HTTP/1.1\r\nhost: h\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await.unwrap();
    for part in body.chunks(10_000) {
        stream.write_all(part).await.expect("the server takes it all");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // The connection is good for another request.
    stream.write_all(b"GET /peer HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.unwrap();
    assert!(answers.starts_with("HTTP/1.1 405") && answers.ends_with("127.0.0.1"), "{answers}");
    shutdown.cancel();
    server.await.unwrap();
}
