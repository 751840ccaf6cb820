//! Questions that are asked from inside a proxy: over the way that requests take, and also in an engine on another
//! machine. No port is published for them.

use crate::engine::Engine;

/// Asks `$0` at port `$1` for the path `$2`. The images of HAProxy have no client of HTTP, but a bash.
const SCRIPT: &str = r#"exec 3<>"/dev/tcp/$0/$1" &&
    printf 'GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$2" "$0" >&3 && cat <&3"#;

/// How many seconds an answer may take.
const ANSWERS_WITHIN: &str = "10";

/// What a 200 says; the error is what was answered instead, or why nothing was.
pub(super) async fn ask(
    engine: &Engine,
    proxy: &str,
    host: &str,
    port: u16,
    path: &str,
) -> Result<String, String> {
    let port = port.to_string();
    let command = ["timeout", ANSWERS_WITHIN, "bash", "-c", SCRIPT, host, &port, path];
    let answer = engine.run_inside(proxy, &command).await.map_err(|error| error.to_string())?;
    body_of(&answer)
}

fn body_of(answer: &str) -> Result<String, String> {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let body = body.split_whitespace().collect::<Vec<_>>().join(" ");
    if head.starts_with("HTTP/1.1 200 ") { Ok(body) } else { Err(format!("{} {body}", first_line(head))) }
}

fn first_line(head: &str) -> &str {
    head.lines().next().unwrap_or("it said nothing:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_200_is_a_yes() {
        assert_eq!(body_of("HTTP/1.1 200 OK\r\na: b\r\n\r\nready\n").as_deref(), Ok("ready"));
        let no = body_of("HTTP/1.1 503 Service Unavailable\r\n\r\nstore: down\nbus: up\n").unwrap_err();
        assert_eq!(no, "HTTP/1.1 503 Service Unavailable store: down bus: up");
        assert_eq!(body_of("").unwrap_err(), "it said nothing: ");
    }
}
