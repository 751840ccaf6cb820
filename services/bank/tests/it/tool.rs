//! `bank` as a tool: what its commands print, and how it refuses wrong settings.

use std::process::{Command, Output};

use tempfile::TempDir;

fn bank(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bank")).args(arguments).output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_demo_shows_a_completed_and_a_refused_transfer() {
    let dir = TempDir::new().expect("a folder");
    let data = dir.path().join("data");
    let output = bank(&["demo", "--data-dir", &data.display().to_string()]);
    let printed = text(&output.stdout);
    assert!(output.status.success(), "{printed}{}", text(&output.stderr));
    for expected in [
        "AccountOpened",
        "AccountDeposited",
        "MoneyTransferCreated",
        "AccountDebited",
        "CreditRecorded",
        "completed",
        "insufficient-funds",
        "\"balance\"",
    ] {
        assert!(printed.contains(expected), "expected `{expected}` in:\n{printed}");
    }
    let verified = bank(&["verify", "--json", "--data-dir", &data.display().to_string()]);
    let report: serde_json::Value = serde_json::from_slice(&verified.stdout).expect("a JSON report");
    assert!(verified.status.success(), "{report}");
    assert_eq!((&report["accounts"], &report["transfers"]), (&2.into(), &2.into()), "{report}");
}

#[test]
fn help_explains_every_command() {
    let printed = text(&bank(&["--help"]).stdout);
    for expected in
        ["serve", "demo", "verify", "redrive", "--listen", "--data-dir", "--config", "BANK_LISTEN"]
    {
        assert!(printed.contains(expected), "expected `{expected}` in:\n{printed}");
    }
}

#[test]
fn wrong_settings_are_one_clear_line() {
    let dir = TempDir::new().expect("a folder");
    let file = dir.path().join("bank.toml");
    std::fs::write(&file, "lisen = \"127.0.0.1:0\"\n").expect("the file is written");
    let file = file.display().to_string();
    for (arguments, expected) in [
        (vec!["--listen", "nowhere"], "listen"),
        (vec!["--config", &file], "listen"),
        (vec!["--config", "/nonexistent.toml"], "/nonexistent.toml"),
        (vec!["--set", "deadline=soon"], "deadline"),
        (vec!["--set", "colour=red"], "colour"),
        (vec!["--log-format", "loud"], "log_format"),
        (vec!["--traces", "127.0.0.1:4318"], "http://127.0.0.1:4318"),
        (vec!["--traces", "https://127.0.0.1:4318"], "https:// is not supported"),
        (vec!["--set", "traces_sample=1.5"], "from 0.0 (no trace) to 1.0"),
        #[cfg(not(feature = "distributed"))]
        (vec!["--traces", "http://127.0.0.1:4318"], "cargo feature `distributed`"),
    ] {
        let output = bank(&arguments);
        let printed = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {printed}");
        assert_eq!(printed.trim_end().lines().count(), 1, "{arguments:?}: {printed}");
        assert!(printed.contains(expected), "{arguments:?}: {printed}");
    }
}

#[test]
fn redrive_lists_what_waits_beside_a_running_bank() {
    let dir = TempDir::new().expect("a folder");
    let data = dir.path().join("data").display().to_string();
    let log = dir.path().join("bank.log");
    let arguments = ["--listen", "127.0.0.1:0", "--log", "warn", "--data-dir", data.as_str()];
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_bank"));
    let _running = test_support::Service::start(binary, arguments, None::<(&str, &str)>, &log);
    for reader in ["accounts", "transfers", "account-history"] {
        let output = bank(&["redrive", reader, "--list", "--data-dir", &data]);
        assert!(output.status.success(), "{output:?}");
        assert!(text(&output.stdout).contains("0 messages"), "{output:?}");
    }
    let missing = dir.path().join("missing").display().to_string();
    let output = bank(&["redrive", "accounts", "--list", "--data-dir", &missing]);
    assert!(!output.status.success() && text(&output.stderr).contains("missing"), "{output:?}");
}

#[test]
fn verify_says_when_there_is_nothing_to_read() {
    let dir = TempDir::new().expect("a folder");
    let missing = dir.path().join("missing").display().to_string();
    let output = bank(&["verify", "--data-dir", &missing]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(text(&output.stderr).contains("missing"), "{output:?}");
}
