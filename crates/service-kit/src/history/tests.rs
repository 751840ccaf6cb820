//! On copies of the golden files, in which one thing was changed.

use std::fs;
use std::path::{Path, PathBuf};

use domain::account::Account;
use domain::transfer::{MoneyTransfer, TransferEvent};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

const ABOUT: About = About { name: "loans", version: "1", summary: "", defaults: "", example: None };

/// A service that decides on accounts and hears of transfers.
fn history() -> History {
    let read = |event: &RecordedEvent| event.decode::<TransferEvent>().map(drop).map_err(Unread::from);
    History::of(&ABOUT).folds::<Account>().subscribes(&[MoneyTransfer::TYPE], move || read)
}

/// Some of the golden files, in a folder of the test's own.
fn copied(names: &[&str]) -> TempDir {
    let golden = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../domain/tests/golden"));
    let folder = TempDir::new().unwrap();
    for name in names {
        fs::copy(golden.join(name), folder.path().join(Path::new(name).file_name().unwrap())).unwrap();
    }
    folder
}

fn read(folder: &TempDir) -> Report {
    history().read(&input::read(&[folder.path().to_owned()]).unwrap())
}

fn change(folder: &TempDir, name: &str, change: impl FnOnce(&mut Value)) {
    let path = folder.path().join(name);
    let mut payload: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut payload);
    fs::write(&path, payload.to_string()).unwrap();
}

/// Each shape with what came of it.
fn verdicts(report: &Report) -> Vec<(&str, Verdict)> {
    report.events.iter().map(|shape| (shape.event_type.as_str(), shape.verdict)).collect()
}

const DEBIT: [&str; 2] = ["AccountOpened.v1.json", "AccountDebited.v1.json"];

#[test]
fn what_was_written_is_folded_and_what_is_of_others_is_told_so() {
    let folder = copied(&[
        "AccountOpened.v1.json",
        "AccountDebited.v1.json",
        "DebitRecorded.v1.json",
        "TransferDue.v1.json",
    ]);
    let report = read(&folder);
    let expected = [
        ("AccountDebited", Verdict::Folded),
        ("AccountOpened", Verdict::Folded),
        ("DebitRecorded", Verdict::Folded),
        ("TransferDue", Verdict::Unread),
    ];
    assert_eq!(verdicts(&report), expected);
    assert!(report.passed);
}

#[test]
fn a_field_of_another_type_fails() {
    let folder = copied(&DEBIT);
    change(&folder, DEBIT[1], |payload| payload["money"] = json!("55.00 USD"));
    let report = read(&folder);
    assert_eq!(verdicts(&report)[0], ("AccountDebited", Verdict::Failed));
    assert!(!report.passed);
    let problem = report.problem().unwrap();
    assert!(
        problem.contains("AccountDebited.v1.json") && problem.contains("money") | problem.contains("Money"),
        "{problem}"
    );
}

/// As the code sees it that has made a field required which older events do not have.
#[test]
fn a_required_field_that_is_not_there_fails() {
    let folder = copied(&DEBIT);
    change(&folder, DEBIT[1], |payload| drop(payload.as_object_mut().unwrap().remove("balance")));
    let problem = read(&folder).problem().unwrap();
    assert!(problem.contains("missing field `balance`"), "{problem}");
}

#[test]
fn an_optional_field_that_was_added_passes() {
    let folder = copied(&DEBIT);
    change(&folder, DEBIT[1], |payload| payload["channel"] = json!("branch"));
    change(&folder, DEBIT[1], |payload| drop(payload.as_object_mut().unwrap().remove("memo")));
    let report = read(&folder);
    assert_eq!(verdicts(&report)[0], ("AccountDebited", Verdict::Folded));
    assert!(report.passed);
}

#[test]
fn a_type_that_is_unknown_is_parked_by_everybody_who_could_meet_it() {
    let folder = copied(&DEBIT);
    fs::rename(folder.path().join(DEBIT[1]), folder.path().join("AccountCharged.v1.json")).unwrap();
    let report = read(&folder);
    let parked: Vec<_> = report.events.iter().filter(|shape| shape.event_type == "AccountCharged").collect();
    assert_eq!(parked.len(), 2);
    for shape in parked {
        assert_eq!((shape.verdict, shape.then), (Verdict::Parked, Some("dead-letter")), "{shape:?}");
        assert!(shape.reason.as_ref().unwrap().contains("unknown event type `AccountCharged`"), "{shape:?}");
    }
    assert!(report.passed, "what is parked is for the reader to judge");
}

#[test]
fn a_newer_schema_version_is_parked() {
    let folder = copied(&DEBIT);
    fs::rename(folder.path().join(DEBIT[1]), folder.path().join("AccountDebited.v9.json")).unwrap();
    assert_eq!(verdicts(&read(&folder))[0], ("AccountDebited", Verdict::Parked));
}

const SNAPSHOTS: &str = "account.v4.jsonl";

/// The list with one change to each line that holds a snapshot.
fn changed_snapshots(change: impl Fn(&mut Value)) -> TempDir {
    let folder = copied(&["snapshots/account.v4.jsonl"]);
    let path = folder.path().join(SNAPSHOTS);
    let changed = |line: &str| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        line.get_mut("snapshot").map(&change);
        format!("{line}\n")
    };
    let text: String = fs::read_to_string(&path).unwrap().lines().map(changed).collect();
    fs::write(path, text).unwrap();
    folder
}

#[track_caller]
fn assert_snapshots(folder: &TempDir, verdict: TakeOver, reason: &str) {
    let report = read(folder);
    let [shape] = report.snapshots.as_slice() else { panic!("{report:?}") };
    assert_eq!(shape.verdict, verdict, "{shape:?}");
    assert!(shape.reason.clone().unwrap_or_default().contains(reason), "{shape:?}");
    assert_eq!(report.passed, verdict != TakeOver::Failed);
}

#[test]
fn a_snapshot_that_is_what_its_events_make_is_taken_over() {
    assert_snapshots(&changed_snapshots(|_| {}), TakeOver::TakenOver, "");
}

#[test]
fn a_snapshot_of_another_schema_is_replayed() {
    let folder = changed_snapshots(|snapshot| {
        snapshot["stateSchemaVersion"] = json!(2);
        snapshot["state"] = json!("of another age");
    });
    assert_snapshots(&folder, TakeOver::Replayed, "");
}

#[test]
fn a_snapshot_of_another_shape_under_todays_version_fails() {
    let folder = changed_snapshots(|snapshot| {
        if let Some(state) = snapshot["state"].as_object_mut() {
            state.remove("balance");
        }
    });
    assert_snapshots(&folder, TakeOver::Failed, "missing field `balance`");
}

#[test]
fn a_snapshot_that_is_no_replay_fails() {
    let folder = changed_snapshots(|snapshot| {
        if snapshot["state"].is_object() {
            snapshot["state"]["title"] = json!("Somebody else's");
        }
    });
    assert_snapshots(&folder, TakeOver::Failed, "is another state when it is replayed");
}

#[test]
fn what_stands_behind_an_event_that_failed_is_not_at_fault() {
    let folder = copied(&["snapshots/account.v4.jsonl"]);
    let path = folder.path().join(SNAPSHOTS);
    let text = fs::read_to_string(&path).unwrap().replacen("\"limit\":", "\"bound\":", 1);
    fs::write(path, text).unwrap();
    let report = read(&folder);
    let failed: Vec<_> = report.events.iter().filter(|shape| shape.verdict == Verdict::Failed).collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!(failed[0].event_type, "OverdraftLimitSet");
    assert_snapshots(&folder, TakeOver::Failed, "version 3 of its stream cannot be read");
}

/// What is written beside a change that newer code made to an aggregate.
#[test]
fn behind_an_unknown_event_all_of_the_stream_is_parked() {
    let folder = copied(&["snapshots/account.v4.jsonl"]);
    let path = folder.path().join(SNAPSHOTS);
    let text = fs::read_to_string(&path).unwrap().replacen("AccountDeposited", "AccountEndowed", 1);
    fs::write(path, text).unwrap();
    let report = read(&folder);
    let deposit = report.events.iter().find(|shape| shape.event_type == "AccountEndowed").unwrap();
    let later = report.events.iter().find(|shape| shape.event_type == "OverdraftLimitSet").unwrap();
    assert_eq!((deposit.verdict, later.verdict), (Verdict::Parked, Verdict::Parked));
    assert!(later.reason.as_ref().unwrap().contains("waits behind version 2"), "{later:?}");
    assert_snapshots(&folder, TakeOver::Parked, "version 2 of its stream is parked");
}

fn wrong(name: &str, content: &str) -> String {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    input::read(&[path]).unwrap_err().to_string()
}

#[test]
fn files_that_are_not_what_they_should_be_are_told_by_name_and_line() {
    for (name, content, told) in [
        ("AccountOpened.v1.json", "{", "AccountOpened.v1.json: EOF while parsing"),
        ("AccountOpened.json", "{}", "AccountOpened.json is called neither TYPE.vN.json"),
        ("sample.jsonl", "\n{\"event\": 1}", "sample.jsonl line 2: invalid type"),
        ("sample.jsonl", "{\"state\": 1}", "sample.jsonl line 1: unknown variant `state`"),
        ("sample.jsonl", "", "sample.jsonl has no event in it"),
    ] {
        let error = wrong(name, content);
        assert!(error.contains(told), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    for missing in ["/nowhere", "/nowhere/sample.jsonl"] {
        let told = input::read(&[PathBuf::from(missing)]).unwrap_err().to_string();
        assert!(told.contains(&format!("{missing}: No such file")), "{told}");
    }
    let folder = TempDir::new().unwrap();
    assert!(input::read(&[folder.path().to_owned()]).unwrap_err().to_string().contains("has no event in it"));
}

#[test]
fn a_stream_must_be_whole() {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../domain/tests/golden/snapshots/account.v4.jsonl");
    let text = fs::read_to_string(golden).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let error = wrong("sample.jsonl", &[lines[0], lines[2]].join("\n"));
    assert!(
        error.contains("line 2: version 3 of account/") && error.contains("follows version 1"),
        "{error}"
    );
    let snapshot = lines.iter().find(|line| line.starts_with("{\"snapshot\"")).unwrap();
    assert!(wrong("sample.jsonl", snapshot).contains("and no such event before it"));
}
