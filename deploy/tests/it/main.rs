//! The program as somebody calls it, where no engine is needed: what is wrong is one line and an exit status. What it does
//! with an engine, `scripts/delivery-test` shows.

#![expect(clippy::expect_used, reason = "a failed expectation fails the test")]

use std::path::Path;
use std::process::{Command, Output};

fn bank_deploy(root: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bank-deploy"))
        .arg("--root")
        .arg(root)
        .args(arguments)
        .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
        .output()
        .expect("it runs")
}

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[track_caller]
fn assert_one_line(output: &Output, status: i32, told: &str) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{text}");
    assert!(text.contains(told) && text.trim_end().lines().count() == 1, "{text}");
    assert!(output.stdout.is_empty(), "{output:?}");
}

#[test]
fn an_engine_that_is_not_there() {
    let output = bank_deploy(repository(), &["smoke", "bank/accounts:1"]);
    assert_one_line(&output, 1, "the Docker engine at unix:///nowhere/docker.sock: does not answer");
}

#[test]
fn a_folder_that_is_no_repository() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_one_line(&bank_deploy(folder.path(), &["smoke", "bank/accounts:1"]), 1, "docker/services.toml");
}

#[test]
fn history_needs_golden_files_a_sample_that_is_there_and_an_engine() {
    let folder = tempfile::tempdir().expect("a folder");
    let golden = folder.path().display().to_string();
    for (arguments, told) in [
        (vec!["bank/accounts:1"], "the Docker engine at unix:///nowhere/docker.sock: does not answer"),
        (vec!["--golden", &golden, "bank/accounts:1"], "there is no golden event"),
        (vec!["--golden", "/nowhere", "bank/accounts:1"], "/nowhere: No such file"),
        (vec!["--sample", "/nowhere.jsonl", "bank/accounts:1"], "/nowhere.jsonl: No such file"),
    ] {
        let output = bank_deploy(repository(), &[&["history"], arguments.as_slice()].concat());
        assert_one_line(&output, 1, told);
    }
    assert_eq!(bank_deploy(repository(), &["history"]).status.code(), Some(2));
}

#[test]
fn no_image_is_a_mistake_in_the_command_line() {
    assert_eq!(bank_deploy(repository(), &["smoke"]).status.code(), Some(2));
    assert_eq!(bank_deploy(repository(), &["smock", "bank/accounts:1"]).status.code(), Some(2));
}

/// A desired state, below a folder of its own.
fn state(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state.toml");
    std::fs::write(&path, text).expect("it is written");
    let path = path.display().to_string();
    (folder, path)
}

const STATE: &str = "name = \"local\"\nnetwork = \"n\"\nsecrets = \"s\"\nregistry = \"127.0.0.1:5000\"\n\
                     bind = \"127.0.0.1:80\"\n[services]\naccounts = \"1.4.0\"\n";

#[test]
fn a_desired_state_that_is_wrong_is_told_without_an_engine() {
    for command in ["plan", "apply", "status", "rollback"] {
        let (_folder, path) = state(&STATE.replace("accounts", "loans"));
        let output = bank_deploy(repository(), &[command, &path]);
        assert_one_line(&output, 1, "state.toml: services.loans: no deployed service is called `loans`");
        assert_one_line(
            &bank_deploy(repository(), &[command, "/nowhere.toml"]),
            1,
            "/nowhere.toml: No such file",
        );
    }
}

#[test]
fn a_change_that_is_wrong_is_told_without_an_engine() {
    let (_folder, path) = state(STATE);
    let output = bank_deploy(repository(), &["apply", &path, "--set", "accounts=1:4"]);
    assert_one_line(&output, 1, "--set: `1:4` is no version");
}

#[test]
fn a_deployment_without_an_engine() {
    let (_folder, path) = state(STATE);
    for command in ["plan", "apply", "status", "rollback"] {
        let told = "the Docker engine at unix:///nowhere/docker.sock: does not answer";
        assert_one_line(&bank_deploy(repository(), &[command, &path]), 1, told);
    }
}
