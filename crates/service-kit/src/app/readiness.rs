//! `SERVICE health`: the question of an image that has neither a shell nor a client.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use super::{About, Failure, environment, say};
use crate::settings::{CommonArgs, ListenAddr, ServerSettings, load};

/// More than the time that a single check may take.
const TIMEOUT: Duration = Duration::from_secs(4);

/// What is read of an answer at most.
const ENOUGH: u64 = 64 * 1024;

/// Asks the service that listens where these settings say, and says `ready` when it is.
///
/// # Errors
/// [`Failure`] with what is missing, or why nobody answered.
pub fn ask_readiness(about: &About, args: &CommonArgs) -> Result<(), Failure> {
    let server: ServerSettings = load(about.defaults, args, environment())?;
    if server.listen.port() == 0 {
        return Err(Failure::start(
            "`listen` has port 0, which tells nobody where it listens; name the port",
        ));
    }
    let address = server.listen.from_here();
    let answer =
        ask(&address).map_err(|error| Failure::start(format!("{address} does not answer: {error}")))?;
    match answer.is_ready {
        true => say("ready").map_err(Failure::start),
        false => Err(Failure::start(answer.text)),
    }
}

struct Answer {
    is_ready: bool,
    text: String,
}

/// One request by hand: a client would bring a runtime along for it.
fn ask(address: &ListenAddr) -> io::Result<Answer> {
    let host = address.to_string();
    let nowhere = || io::Error::new(io::ErrorKind::NotFound, "no such host");
    let mut stream =
        TcpStream::connect_timeout(&host.to_socket_addrs()?.next().ok_or_else(nowhere)?, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    write!(stream, "GET /readyz?verbose HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
    let mut bytes = Vec::new();
    stream.take(ENOUGH).read_to_end(&mut bytes)?;
    read(&String::from_utf8_lossy(&bytes))
}

fn read(answer: &str) -> io::Result<Answer> {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    match status {
        Some(status) => Ok(Answer { is_ready: status == "200", text: body.trim().to_owned() }),
        None => Err(io::Error::new(io::ErrorKind::InvalidData, "whoever answers there speaks no HTTP")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_by_its_status() {
        let ready = read("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nready\n").unwrap();
        assert!(ready.is_ready);
        let text = "HTTP/1.1 503 Service Unavailable\r\n\r\n[-] bus: gone (3 ms)\nnot ready\n";
        let missing = read(text).unwrap();
        assert!(!missing.is_ready);
        assert_eq!(missing.text, "[-] bus: gone (3 ms)\nnot ready");
        assert!(read("SSH-2.0").is_err());
        assert!(read("").is_err());
    }
}
