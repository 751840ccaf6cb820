//! `bank history` and `bank sample`: what was ever written is read by every service, and what is not is told.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

fn bank(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bank")).args(arguments).output().expect("the binary runs")
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/domain/tests/golden")
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("a JSON report")
}

/// Each shape that has this verdict, as `SERVICE ROLE TYPE`.
fn with_verdict(report: &Value, verdict: &str) -> Vec<String> {
    let shapes = report["events"].as_array().expect("shapes").iter();
    let text = |shape: &Value, name: &str| shape[name].as_str().unwrap_or("-").to_owned();
    shapes
        .filter(|shape| shape["verdict"] == verdict)
        .map(|shape| {
            format!("{} {} {}", text(shape, "service"), text(shape, "role"), text(shape, "eventType"))
        })
        .collect()
}

#[test]
fn every_golden_event_is_folded_by_whoever_reads_it() {
    let output = bank(&["history", &golden().display().to_string()]);
    let report = report(&output);
    assert!(output.status.success(), "{output:?}");
    for verdict in ["unread", "parked", "failed"] {
        assert_eq!(with_verdict(&report, verdict), Vec::<String>::new());
    }
    let folded = with_verdict(&report, "folded");
    for expected in [
        "accounts aggregate AccountDebited",
        "accounts subscription MoneyTransferCreated",
        "transfers aggregate TransferDue",
        "transfers subscription AccountLinesDebited",
        "customers aggregate PayeeSaved",
        "customers subscription AccountOpened",
        "account-history subscription CreditRecorded",
        "webhooks subscription CustomerErased",
    ] {
        assert!(folded.iter().any(|shape| shape == expected), "{expected} is not in {folded:?}");
    }
    let taken_over = report["snapshots"].as_array().expect("snapshots").len();
    assert_eq!(taken_over, fs::read_dir(golden().join("snapshots")).expect("a folder").count());
}

#[test]
fn what_one_service_cannot_read_is_one_line_and_the_whole_report() {
    let folder = TempDir::new().expect("a folder");
    let credit = folder.path().join("CreditRecorded.v1.json");
    fs::copy(
        golden().join("MoneyTransferCreated.v1.json"),
        folder.path().join("MoneyTransferCreated.v1.json"),
    )
    .expect("a copy");
    fs::write(&credit, r#"{"transfer": "018f4f60-0000-7000-8000-000000000007"}"#).expect("a file");
    let output = bank(&["history", &folder.path().display().to_string()]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("CreditRecorded") && told.trim_end().lines().count() == 1, "{told}");
    let failed = with_verdict(&report(&output), "failed");
    assert_eq!(failed.len(), 5, "accounts, transfers twice, the views and webhooks: {failed:?}");
}

/// A transfer without its creation is nothing that could be shown.
#[test]
fn a_stream_that_begins_with_something_else_fits_no_view() {
    let folder = TempDir::new().expect("a folder");
    fs::copy(golden().join("DebitRecorded.v1.json"), folder.path().join("DebitRecorded.v1.json"))
        .expect("a copy");
    let report = report(&bank(&["history", &folder.path().display().to_string()]));
    assert_eq!(with_verdict(&report, "failed"), ["account-history subscription DebitRecorded"]);
}

#[test]
fn bad_files_are_one_line_and_nothing_is_printed() {
    let output = bank(&["history", "/nowhere"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("/nowhere") && told.trim_end().lines().count() == 1, "{told}");
    assert!(output.stdout.is_empty());
    assert_eq!(bank(&["history"]).status.code(), Some(2));
}

#[test]
fn a_sample_of_a_bank_is_bounded_and_folds() {
    let folder = TempDir::new().expect("a folder");
    let data = folder.path().join("data").display().to_string();
    assert!(bank(&["demo", "--data-dir", &data]).status.success());
    let sampled = |options: &[&str]| {
        let output = bank(&[&["sample", "--data-dir", &data], options].concat());
        assert!(output.status.success(), "{output:?}");
        output.stdout
    };
    let more = sampled(&[]);
    assert!(!sampled(&["--streams", "1"]).is_empty());
    assert!(sampled(&["--longest", "1"]).is_empty(), "no stream of the demo has one event only");
    assert_eq!(more, sampled(&[]), "nothing was written meanwhile");

    let file = folder.path().join("sample.jsonl");
    fs::write(&file, &more).expect("a file");
    let output = bank(&["history", &file.display().to_string()]);
    assert!(output.status.success(), "{output:?}");
    let folded = with_verdict(&report(&output), "folded");
    assert!(
        folded.iter().any(|shape| shape == "account-history subscription MoneyTransferFailed"),
        "{folded:?}"
    );

    for (arguments, told) in [
        (vec!["sample", "--data-dir", "/nowhere"], "/nowhere"),
        (vec!["sample", "--data-dir", &data, "--streams", "0"], "--streams"),
    ] {
        let output = bank(&arguments);
        assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(told), "{output:?}");
    }
}
