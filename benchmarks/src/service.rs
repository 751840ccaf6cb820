//! A service of the bank as a process of its own: started on a free port, and gone with this process, however it ends.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use reqwest::Client;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// How long a service may take until it is ready.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at whether it is; nothing is measured meanwhile.
const LOOK: Duration = Duration::from_millis(20);

/// What a service is asked before it counts as started.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Probe {
    /// Whether all that it stands on answers.
    Ready,
    /// Whether it answers itself.
    Alive,
}

/// A running service. Dropping it kills the process.
pub(crate) struct Service {
    process: Child,
    /// Where it answers, for example `http://127.0.0.1:41234`.
    pub url: String,
}

impl Service {
    /// Starts `binary` with `arguments` on a free port and waits until it answers well to `probe`. Its log goes to the file
    /// `log`. Settings in this process's environment do not reach it, so that every run measures the same.
    ///
    /// # Errors
    /// When it cannot be started, ends early, or is not ready in time; with the end of its log.
    pub(crate) async fn start(
        binary: &Path,
        arguments: &[String],
        probe: Probe,
        log: &Path,
    ) -> anyhow::Result<Self> {
        let started = Self::spawn(binary, arguments, probe, log).await;
        started.with_context(|| {
            let said = std::fs::read_to_string(log).unwrap_or_default();
            let last: Vec<&str> = said.lines().rev().take(3).collect();
            let last: Vec<&str> = last.into_iter().rev().collect();
            format!("{} does not start; its log ends with: {}", binary.display(), last.join(" / "))
        })
    }

    async fn spawn(binary: &Path, arguments: &[String], probe: Probe, log: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(binary);
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("BANK_")) {
                command.env_remove(name);
            }
        }
        let mut process = command
            .args(["--listen", "127.0.0.1:0"])
            .args(arguments)
            // The end of its standard input, which this process holds, is a signal to stop.
            .env("BANK_STOP_WITH_STDIN", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(log)?)
            .kill_on_drop(true)
            .spawn()?;
        let stdout = process.stdout.take().context("its output is piped")?;
        let mut lines = BufReader::new(stdout).lines();
        let address = tokio::time::timeout(PATIENCE, address(&mut lines)).await;
        let url = address.context("it printed no address in time")??;
        // Or a service that prints more would wait for somebody to read it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let service = Self { process, url };
        service.answers(probe).await?;
        Ok(service)
    }

    async fn answers(&self, probe: Probe) -> anyhow::Result<()> {
        let http = Client::new();
        let url = match probe {
            Probe::Ready => format!("{}/readyz", self.url),
            Probe::Alive => format!("{}/livez", self.url),
        };
        let begun = Instant::now();
        loop {
            let answer = http.get(&url).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            ensure!(begun.elapsed() < PATIENCE, "it is not ready in time");
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The process, while it runs.
    pub(crate) fn process_id(&self) -> Option<u32> {
        self.process.id()
    }

    /// Asks the process to end, so that it leaves its consumer groups, and waits until it is gone.
    ///
    /// # Errors
    /// When it does not end and cannot be killed.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        drop(self.process.stdin.take());
        if tokio::time::timeout(PATIENCE, self.process.wait()).await.is_err() {
            self.process.kill().await?;
        }
        Ok(())
    }
}

async fn address(lines: &mut Lines<BufReader<ChildStdout>>) -> anyhow::Result<String> {
    while let Some(line) = lines.next_line().await? {
        if let Some(url) = line.strip_prefix("listening on ") {
            return Ok(url.trim().to_owned());
        }
    }
    bail!("it ended before it printed its address");
}

/// Where `cargo build --release` of the product puts its binaries.
pub(crate) fn release_dir() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target")).join("release")
}

/// `binary`, which is there.
///
/// # Errors
/// When it is not, with the command that builds it.
pub(crate) fn built(binary: PathBuf, how: &str) -> anyhow::Result<PathBuf> {
    ensure!(binary.is_file(), "there is no {}: run `{how}`, or say where it is (--help)", binary.display());
    Ok(binary)
}
