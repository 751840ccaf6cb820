//! What an image's report means for it.

use serde::Deserialize;

use super::{Examined, Part};
use crate::engine::Ran;

/// What `SERVICE history` prints, as far as it is looked at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    events: Vec<Shape>,
    snapshots: Vec<State>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape {
    service: String,
    #[serde(default)]
    role: String,
    from: String,
    event_type: String,
    schema_version: u32,
    verdict: Verdict,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    then: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    service: String,
    from: String,
    aggregate_type: String,
    state_schema_version: u32,
    verdict: Verdict,
    #[serde(default)]
    reason: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    Unread,
    Folded,
    TakenOver,
    Replayed,
    Parked,
    Failed,
}

/// Notes in `examined` what an image made of it.
pub(super) fn judge(ran: &Ran, examined: &mut Examined) {
    let report: Report = match serde_json::from_str(&ran.stdout) {
        Ok(report) if ran.code.is_some_and(|code| code < 2) => report,
        _ => {
            examined.problems.push(without_a_report(ran));
            return;
        }
    };
    for shape in &report.events {
        let Shape { service, role, event_type, schema_version, reason, then, .. } = shape;
        let what =
            format!("{}: {service} {role} {event_type} v{schema_version}: {reason}", name(&shape.from));
        match shape.verdict {
            Verdict::Failed => examined.problems.push(what),
            Verdict::Parked => examined.parks(format!("{what} ({then})")),
            Verdict::Folded => examined.folded += 1,
            Verdict::Unread | Verdict::TakenOver | Verdict::Replayed => {}
        }
    }
    for state in &report.snapshots {
        let State { service, aggregate_type, state_schema_version, reason, .. } = state;
        let what = format!(
            "{}: {service} snapshots of `{aggregate_type}` v{state_schema_version}: {reason}",
            name(&state.from)
        );
        match state.verdict {
            Verdict::Failed => examined.problems.push(what),
            Verdict::Parked => examined.parks(what),
            Verdict::TakenOver | Verdict::Replayed => examined.snapshots += 1,
            Verdict::Unread | Verdict::Folded => {}
        }
    }
    if examined.folded == 0 && examined.problems.is_empty() {
        examined.problems.push("it reads none of the events that it was shown".to_owned());
    }
    if ran.code != Some(0) && examined.problems.is_empty() {
        examined.problems.push(format!("it says that it fails: {}", first_line(&ran.stderr)));
    }
}

impl Examined {
    fn parks(&mut self, what: String) {
        match self.part {
            Part::New => self.problems.push(format!("parks what it must fold: {what}")),
            Part::Running => self.parked.push(what),
        }
    }
}

fn without_a_report(ran: &Ran) -> String {
    match ran.code {
        None => "`history` does not end".to_owned(),
        Some(code) => {
            format!("`history` ended with exit code {code} and no report: {}", first_line(&ran.stderr))
        }
    }
}

fn first_line(text: &str) -> &str {
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing")
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn judged(part: Part, code: Option<i64>, stdout: &str, stderr: &str) -> Examined {
        let mut examined = Examined {
            image: "bank/accounts:1".to_owned(),
            id: String::new(),
            service: "accounts".to_owned(),
            part,
            passed: true,
            folded: 0,
            snapshots: 0,
            parked: Vec::new(),
            problems: Vec::new(),
            beside: std::collections::BTreeSet::new(),
        };
        let (stdout, stderr) = (stdout.to_owned(), stderr.to_owned());
        judge(&Ran { code, stdout, stderr }, &mut examined);
        examined
    }

    fn report(event: &str, snapshot: &str) -> String {
        let shape = |verdict: &str| -> Value {
            json!({"service": "accounts", "role": "aggregate", "from": "/history/golden/AccountDebited.v1.json",
                "eventType": "AccountDebited", "schemaVersion": 1, "events": 1, "verdict": verdict, "reason": "why"})
        };
        let state = json!({"service": "accounts", "from": "/history/golden/snapshots/account.v4.jsonl",
            "aggregateType": "account", "stateSchemaVersion": 3, "snapshots": 1, "verdict": snapshot});
        json!({"service": "accounts", "version": "1", "passed": true, "events": [shape("folded"), shape(event)],
            "snapshots": [state]})
        .to_string()
    }

    #[test]
    fn what_is_folded_and_taken_over_is_fit() {
        for snapshot in ["taken-over", "replayed"] {
            let examined = judged(Part::New, Some(0), &report("unread", snapshot), "");
            assert!(examined.problems.is_empty(), "{examined:?}");
            assert_eq!((examined.folded, examined.snapshots), (1, 1));
        }
    }

    #[test]
    fn what_failed_is_a_problem_of_every_image() {
        for part in [Part::New, Part::Running] {
            let examined = judged(part, Some(1), &report("failed", "failed"), "accounts: cannot");
            let [event, snapshot] = examined.problems.as_slice() else { panic!("{examined:?}") };
            assert_eq!(event, "AccountDebited.v1.json: accounts aggregate AccountDebited v1: why");
            assert!(
                snapshot.starts_with("account.v4.jsonl: accounts snapshots of `account` v3"),
                "{snapshot}"
            );
        }
    }

    #[test]
    fn only_an_image_that_runs_may_park() {
        let new = judged(Part::New, Some(0), &report("parked", "parked"), "");
        assert_eq!((new.problems.len(), new.parked.len()), (2, 0), "{new:?}");
        let running = judged(Part::Running, Some(0), &report("parked", "parked"), "");
        assert_eq!((running.problems.len(), running.parked.len()), (0, 2), "{running:?}");
    }

    #[test]
    fn an_image_that_says_nothing_is_not_fit() {
        for (code, stdout, stderr, told) in [
            (
                Some(2),
                "",
                "\nerror: unrecognized subcommand 'history'\n",
                "unrecognized subcommand 'history'",
            ),
            (Some(101), "", "", "ended with exit code 101 and no report: it said nothing"),
            (None, "", "", "does not end"),
            (Some(0), r#"{"events": [], "snapshots": []}"#, "", "reads none of the events"),
            (
                Some(1),
                &report("folded", "replayed"),
                "accounts: cannot",
                "it says that it fails: accounts: cannot",
            ),
        ] {
            let examined = judged(Part::New, code, stdout, stderr);
            let [problem] = examined.problems.as_slice() else { panic!("{examined:?}") };
            assert!(problem.contains(told), "{problem}");
        }
    }
}
