//! A service as a process of its own: started on a free port, killed for real, never left behind.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How long a service may take to print its address on a busy machine.
const START_PATIENCE: Duration = Duration::from_secs(60);

/// A running service. Dropping it kills the process.
pub struct Service {
    child: Child,
    /// Its address, for example `http://127.0.0.1:41234`.
    pub url: String,
}

impl Service {
    /// Starts the binary with these arguments and environment, and waits for its line
    /// `listening on http://…`. Its log goes to `log`.
    ///
    /// # Panics
    /// When the binary is missing, ends early, or prints no address in time.
    pub async fn start<A, K, V>(
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
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log_file)
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {}: {error}", binary.display()));
        let stdout = child.stdout.take().expect("stdout is piped");
        let mut lines = BufReader::new(stdout).lines();
        let address = async {
            while let Some(line) = lines.next_line().await.expect("stdout is text") {
                if let Some(url) = line.strip_prefix("listening on ") {
                    return Some(url.trim().to_owned());
                }
            }
            None
        };
        let url = match tokio::time::timeout(START_PATIENCE, address).await {
            Ok(Some(url)) => url,
            outcome => panic!(
                "{} printed no address ({}); its log:\n{}",
                binary.display(),
                if outcome.is_ok() { "it ended" } else { "it is still silent" },
                std::fs::read_to_string(log).unwrap_or_default()
            ),
        };
        // Somebody must read on, or a service that prints more would block on a full pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { child, url }
    }

    /// Ends the process at once, as a crash would (SIGKILL), and waits until it is gone.
    ///
    /// # Panics
    /// When the process cannot be killed.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("the process is ours to kill");
    }

    /// Waits until the process ends by itself and says whether it reported success.
    ///
    /// # Panics
    /// When its state cannot be read.
    pub async fn ended(&mut self) -> bool {
        self.child.wait().await.expect("the process is ours to wait for").success()
    }

    /// Whether the process is still there.
    ///
    /// # Panics
    /// When its state cannot be read.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("the process is ours to ask").is_none()
    }

    /// Asks the process to end (SIGTERM).
    ///
    /// # Panics
    /// When `kill` cannot be run.
    pub async fn terminate(&self) {
        if let Some(id) = self.child.id() {
            let status = Command::new("kill").arg(id.to_string()).status().await;
            assert!(status.is_ok_and(|status| status.success()), "cannot signal process {id}");
        }
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
