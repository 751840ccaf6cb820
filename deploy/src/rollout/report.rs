//! What is told of a plan, a deployment, and of what runs: as JSON, and in lines for people.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::planning::{Observed, Step};
use super::target::Target;

/// What `apply` would do with one service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Planned {
    pub(crate) service: String,
    /// The version that serves.
    pub(crate) from: Option<String>,
    pub(crate) to: String,
    /// The image, by digest.
    pub(crate) image: String,
    /// Whether it is a new container, and not only something that was left to do.
    pub(crate) changes: bool,
    /// In order; none when it is up to date.
    pub(crate) steps: Vec<String>,
}

impl Planned {
    pub(super) fn of(target: &Target, observed: &Observed, steps: &[Step]) -> Self {
        Self {
            service: target.service.clone(),
            from: observed.current().map(|current| current.version.clone()),
            to: target.version.clone(),
            image: target.image.clone(),
            changes: steps.iter().any(|step| matches!(step, Step::Switch { .. })),
            steps: steps.iter().map(ToString::to_string).collect(),
        }
    }
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digest = self.image.split_once('@').map_or(self.image.as_str(), |(_, digest)| digest);
        let from = self.from.as_deref().unwrap_or("nothing");
        match (self.changes, self.steps.is_empty()) {
            (true, _) => writeln!(f, "{}: {from} -> {} ({digest})", self.service, self.to)?,
            (false, true) => writeln!(f, "{}: up to date", self.service)?,
            (false, false) => {
                writeln!(f, "{}: {} serves, the rest is to be finished", self.service, self.to)?
            }
        }
        self.steps.iter().try_for_each(|step| writeln!(f, "    {step}"))
    }
}

/// What became of one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// Nothing was to do.
    UpToDate,
    /// It was switched to.
    Deployed,
    /// It served; what was left to do was done.
    Finished,
    /// The new one was not fit, the one before it serves.
    RolledBack,
    /// The new one was not fit, and there was none before it.
    Failed,
    /// Another one before it was not fit.
    NotDone,
}

/// One service after `apply` or `rollback`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Applied {
    pub(crate) service: String,
    /// The version that served before.
    pub(crate) from: Option<String>,
    pub(crate) to: String,
    pub(crate) outcome: Outcome,
    /// Why the new one is not fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) problem: Option<String>,
    /// The last lines of its log.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) log: Vec<String>,
}

impl Applied {
    pub(super) fn not_done(service: &str, to: &str) -> Self {
        let (service, to) = (service.to_owned(), to.to_owned());
        Self { service, from: None, to, outcome: Outcome::NotDone, problem: None, log: Vec::new() }
    }

    pub(super) fn from(self, from: Option<String>) -> Self {
        Self { from, ..self }
    }
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (service, to) = (&self.service, &self.to);
        let from = self.from.as_deref().unwrap_or("nothing");
        let problem = self.problem.as_deref().unwrap_or_default();
        match self.outcome {
            Outcome::UpToDate => writeln!(f, "{service}: up to date ({to})"),
            Outcome::Deployed => writeln!(f, "{service}: {from} -> {to}"),
            Outcome::Finished => writeln!(f, "{service}: {to}, what was left to do is done"),
            Outcome::RolledBack => {
                writeln!(f, "{service}: rolled back, {from} serves; {to} is not fit: {problem}")
            }
            Outcome::Failed => writeln!(f, "{service}: failed, nothing serves; {to} is not fit: {problem}"),
            Outcome::NotDone => writeln!(f, "{service}: not done"),
        }?;
        self.log.iter().try_for_each(|line| writeln!(f, "    {line}"))
    }
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Report {
    pub(crate) environment: String,
    /// `done`, `rolled back` or `failed`.
    pub(crate) result: &'static str,
    pub(crate) services: Vec<Applied>,
}

impl Report {
    pub(super) fn new(environment: &str) -> Self {
        Self { environment: environment.to_owned(), result: "done", services: Vec::new() }
    }

    pub(super) fn add(&mut self, applied: Applied) {
        match applied.outcome {
            Outcome::RolledBack => self.result = "rolled back",
            Outcome::Failed => self.result = "failed",
            _ => {}
        }
        self.services.push(applied);
    }

    /// Whether everything up to now was done.
    pub(crate) fn is_good(&self) -> bool {
        self.result == "done"
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.services.iter().try_for_each(|service| service.fmt(f))?;
        writeln!(f, "{}: {}", self.environment, self.result)
    }
}

/// What runs of one service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Standing {
    pub(crate) service: String,
    /// The container that serves, if there is one.
    pub(crate) container: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) image: Option<String>,
    pub(crate) ready: bool,
    pub(crate) since: Option<DateTime<Utc>>,
    /// The version that a rollback returns to, and its container.
    pub(crate) kept: Option<Kept>,
}

/// The last good one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Kept {
    pub(crate) version: String,
    pub(crate) container: String,
}

impl Standing {
    pub(super) fn of(service: &str, observed: &Observed) -> Self {
        let current = observed.current();
        // One that runs is of no use while its proxy leads elsewhere.
        let is_reached = observed.proxy.as_ref().is_some_and(|proxy| {
            proxy.running && current.is_some_and(|current| proxy.route.as_ref() == Some(&current.name))
        });
        let kept = |kept: &super::planning::Instance| Kept {
            version: kept.version.clone(),
            container: kept.name.clone(),
        };
        Self {
            service: service.to_owned(),
            container: current.map(|current| current.name.clone()),
            version: current.map(|current| current.version.clone()),
            image: current.map(|current| current.image.clone()),
            ready: is_reached && current.is_some_and(|current| current.running && current.ready),
            since: current.and_then(|current| current.started_at),
            kept: observed.last_good().map(kept),
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(container), Some(version)) = (&self.container, &self.version) else {
            return writeln!(f, "{}: nothing serves", self.service);
        };
        let ready = if self.ready { "ready" } else { "not ready" };
        write!(f, "{}: {version}, {ready}, in {container}", self.service)?;
        if let Some(since) = self.since {
            write!(f, " since {}", since.format("%Y-%m-%d %H:%M:%SZ"))?;
        }
        write!(f, ", of {}", self.image.as_deref().unwrap_or("an unknown image"))?;
        match &self.kept {
            Some(kept) => writeln!(f, "; {} is kept in {}", kept.version, kept.container),
            None => writeln!(f, "; none is kept"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(changes: bool, steps: &[&str]) -> String {
        let [service, to, image] = ["accounts", "1.5.0", "r/accounts@sha256:ab"].map(str::to_owned);
        let steps = steps.iter().map(|step| (*step).to_owned()).collect();
        Planned { service, from: Some("1.4.0".to_owned()), to, image, changes, steps }.to_string()
    }

    #[test]
    fn a_plan_is_a_line_a_service_and_its_steps() {
        let expected = "accounts: 1.4.0 -> 1.5.0 (sha256:ab)\n    create a-2\n";
        assert_eq!(planned(true, &["create a-2"]), expected);
        assert_eq!(planned(false, &[]), "accounts: up to date\n");
        assert!(planned(false, &["drain a-1"]).starts_with("accounts: 1.5.0 serves, the rest"));
    }

    #[test]
    fn what_follows_a_failure_is_told_as_not_done() {
        let mut report = Report::new("local");
        let unfit = Applied {
            outcome: Outcome::RolledBack,
            problem: Some("ended with exit code 2".to_owned()),
            log: vec!["wrong".to_owned()],
            ..Applied::not_done("accounts", "3")
        };
        report.add(unfit.from(Some("2".to_owned())));
        report.add(Applied::not_done("transfers", "3"));
        let expected = "accounts: rolled back, 2 serves; 3 is not fit: ended with exit code 2\n    wrong\n\
                        transfers: not done\nlocal: rolled back\n";
        assert_eq!(report.to_string(), expected);
        assert!(!report.is_good());
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(
            (&json["result"], &json["services"][0]["outcome"]),
            (&"rolled back".into(), &"rolled-back".into())
        );
    }

    #[test]
    fn a_service_without_a_route_serves_nothing() {
        assert_eq!(Standing::of("accounts", &Observed::default()).to_string(), "accounts: nothing serves\n");
    }
}
