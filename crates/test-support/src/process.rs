//! A service as a process of its own: started on a free port, killed for real, never left behind.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long a service may take to print its address on a busy machine.
const START_PATIENCE: Duration = Duration::from_secs(60);

/// A running service. Dropping it kills the process; it also ends by itself when this process is gone, because
/// its standard input ends then.
pub struct Service {
    child: Child,
    /// Its address, for example `http://127.0.0.1:41234`.
    pub url: String,
}

impl Service {
    /// Starts the binary with these arguments and environment, and waits for its line
    /// `listening on http://…`. Its log is appended to `log`.
    ///
    /// # Panics
    /// When the binary is missing, ends early, or prints no address in time.
    pub fn start<A, K, V>(
        binary: &Path,
        arguments: impl IntoIterator<Item = A>,
        environment: impl IntoIterator<Item = (K, V)>,
        log: &Path,
    ) -> Self
    where
        A: AsRef<OsStr>,
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        let log_file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)
            .unwrap_or_else(|error| panic!("{}: {error}", log.display()));
        let mut child = Command::new(binary)
            .args(arguments)
            .env("BANK_STOP_WITH_STDIN", "1")
            .envs(environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log_file)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {}: {error}", binary.display()));
        let stdout = child.stdout.take().expect("stdout is piped");
        let (tell, address) = mpsc::channel();
        // The thread reads on after the address, or a service that prints more would block on a full pipe.
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Some(url) = line.strip_prefix("listening on ") {
                    let _ = tell.send(url.trim().to_owned());
                }
            }
        });
        let mut service = Self { child, url: String::new() };
        match address.recv_timeout(START_PATIENCE) {
            Ok(url) => service.url = url,
            Err(error) => panic!(
                "{} printed no address ({error}); its log:\n{}",
                binary.display(),
                std::fs::read_to_string(log).unwrap_or_default()
            ),
        }
        service
    }

    /// Ends the process at once, as a crash would (SIGKILL), and waits until it is gone.
    ///
    /// # Panics
    /// When the process cannot be killed.
    pub fn kill(&mut self) {
        self.child.kill().expect("the process is ours to kill");
        self.child.wait().expect("the process is ours to wait for");
    }

    /// How the process ended, or `None` while it runs.
    ///
    /// # Panics
    /// When its state cannot be read.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the process is ours to ask")
    }

    /// Asks the process to end (SIGTERM).
    ///
    /// # Panics
    /// When `kill` cannot be run.
    pub fn terminate(&self) {
        let status = Command::new("kill").arg(self.child.id().to_string()).status();
        assert!(status.is_ok_and(|status| status.success()), "cannot signal process {}", self.child.id());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Both fail only when the process has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary of another package of the workspace, built into the same folder as `beside`.
///
/// # Panics
/// When it is not there, with the command that builds it.
#[must_use]
pub fn sibling_binary(beside: &Path, name: &str) -> PathBuf {
    let path = beside.with_file_name(name);
    assert!(
        path.exists(),
        "{} is not built: run `cargo build --workspace --bins --features distributed` first",
        path.display()
    );
    path
}
