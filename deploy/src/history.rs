//! Whether an image can take over what the bank has written, and whether the image that runs now can live beside it.
//!
//! An image says by itself what it makes of golden events, golden snapshots and a sample of a living store
//! (`SERVICE history`), in a container that reaches nothing. Of an image that is to be published, everything that it reads
//! must be folded. An image that runs now may meet what only newer code knows, and parks it; it must not fail on it.

mod command;
mod files;
mod judge;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::catalog::Catalog;
use crate::engine::{Engine, Job};
use crate::error::DeployError;
use crate::image_name::ImageName;
use crate::record::{Record, Tested};
use crate::signals::told_to_stop;
use crate::smoke::{Subject, subject};
pub(crate) use command::{HistoryArgs, history};
use files::Files;
use judge::judge;

/// Every container of the gate has this label, with the id of its run.
const LABEL: &str = "bank.history";

/// What the images are shown, and where it is noted what they made of it.
#[derive(Debug, Clone)]
struct HistorySettings {
    /// The folder with the golden events and snapshots.
    pub(crate) golden: PathBuf,
    /// What `bank sample` printed.
    pub(crate) sample: Option<PathBuf>,
    /// How long an image may take.
    pub(crate) within: Duration,
    /// The folder of the records.
    pub(crate) records: PathBuf,
}

/// What an image is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// It is to be published.
    New,
    /// It runs now, beside the new one for a while.
    Running,
}

/// What became of one image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Examined {
    /// The image as it was named.
    pub image: String,
    /// `sha256:…`, by which publishing knows it.
    pub id: String,
    /// What the image is of.
    pub service: String,
    /// What it was held to.
    pub part: Part,
    /// Whether it is fit.
    pub passed: bool,
    /// How many shapes of events, from how many readers' sides, it folds.
    pub folded: usize,
    /// How many shapes of snapshots it takes over, or replays.
    pub snapshots: usize,
    /// What would wait until newer code reads it.
    pub parked: Vec<String>,
    /// Why it is not fit.
    pub problems: Vec<String>,
    /// What was looked at besides the golden files: `sample`, `running`.
    #[serde(default)]
    pub beside: BTreeSet<String>,
}

impl Tested for Examined {
    fn id(&self) -> &str {
        &self.id
    }
}

/// Examines the images that run, then those that are to be published, and notes the outcomes of the latter. Everything is
/// looked up before anything is started.
async fn run(
    engine: &Engine,
    catalog: &Catalog,
    settings: &HistorySettings,
    files: Files,
    images: &[ImageName],
    running: &[ImageName],
) -> Result<Vec<Examined>, DeployError> {
    let mut subjects = Vec::new();
    for (part, names) in [(Part::Running, running), (Part::New, images)] {
        for name in names {
            subjects.push((part, subject(engine, catalog, name).await?));
        }
    }
    let id = format!("bank-history-{}", &Uuid::now_v7().simple().to_string()[20..]);
    let gate = Gate { engine, catalog, settings, files, id };
    let examined = tokio::select! {
        examined = gate.examine_all(&subjects) => examined,
        () = told_to_stop() => Err(DeployError::here("told to stop; nothing is left in the engine")),
    };
    gate.tear_down().await?;
    examined
}

struct Gate<'a> {
    engine: &'a Engine,
    catalog: &'a Catalog,
    settings: &'a HistorySettings,
    files: Files,
    id: String,
}

impl Gate<'_> {
    async fn examine_all(&self, subjects: &[(Part, Subject)]) -> Result<Vec<Examined>, DeployError> {
        let mut all: Vec<Examined> = Vec::new();
        for (number, (part, subject)) in subjects.iter().enumerate() {
            let mut examined = self.examine(number, *part, subject).await?;
            if *part == Part::New {
                examined.answer_for(&all);
                let earlier = Record::<Examined>::read(&self.settings.records, &examined.id);
                // A failure stands until what failed was looked at again.
                if examined.may_follow(earlier.as_ref().map(|earlier| &earlier.outcome)) {
                    Record::of(&examined).write(&self.settings.records)?;
                }
            }
            all.push(examined);
        }
        Ok(all)
    }

    async fn examine(&self, number: usize, part: Part, subject: &Subject) -> Result<Examined, DeployError> {
        let mut examined = Examined {
            image: subject.name.to_string(),
            id: subject.id.clone(),
            service: subject.service.clone(),
            part,
            passed: true,
            folded: 0,
            snapshots: 0,
            parked: Vec::new(),
            problems: Vec::new(),
            beside: BTreeSet::new(),
        };
        let reads_events = self.catalog.get(&subject.service).is_none_or(|entry| entry.events);
        if reads_events {
            // What was new when the sample was taken, an image that ran by then knows: it is shown the golden files alone.
            let sample = part == Part::New && self.files.has_sample;
            let job = Job {
                name: format!("{}-{number}", self.id),
                image: subject.id.clone(),
                arguments: Files::arguments(sample),
                files: (Files::AT.to_owned(), self.files.archive.clone()),
                label: (LABEL.to_owned(), self.id.clone()),
                within: self.settings.within,
            };
            judge(&self.engine.run_to_its_end(&job).await?, &mut examined);
            examined.beside.extend(sample.then(|| "sample".to_owned()));
        }
        examined.passed = examined.problems.is_empty();
        Ok(examined)
    }

    async fn tear_down(&self) -> Result<(), DeployError> {
        for container in self.engine.labelled((LABEL, &self.id)).await? {
            self.engine.remove(&container).await?;
        }
        Ok(())
    }
}

impl Examined {
    /// An image is not published beside one that would fail on what it writes, which a running one of any service may.
    fn answer_for(&mut self, others: &[Self]) {
        for other in others.iter().filter(|other| other.part == Part::Running) {
            self.beside.insert("running".to_owned());
            if !other.passed {
                self.problems.push(format!("{}, which runs now, cannot live beside it", other.image));
            }
        }
        self.passed = self.problems.is_empty();
    }

    /// Whether this is worth more than an earlier examination: one that failed and was shown a sample, or an image that
    /// runs, is answered by no less.
    fn may_follow(&mut self, earlier: Option<&Self>) -> bool {
        let failed = earlier.filter(|earlier| !earlier.passed);
        let missing: Vec<_> =
            failed.iter().flat_map(|earlier| earlier.beside.difference(&self.beside)).cloned().collect();
        if let (true, false) = (self.passed, missing.is_empty()) {
            let missing = missing.join(" and --");
            self.problems.push(format!("it failed before, when --{missing} was given; give that again"));
            self.passed = false;
            return false;
        }
        missing.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examined(part: Part, service: &str, problems: &[&str]) -> Examined {
        Examined {
            image: format!("bank/{service}:1"),
            id: "sha256:abc".to_owned(),
            service: service.to_owned(),
            part,
            passed: problems.is_empty(),
            folded: 1,
            snapshots: 0,
            parked: Vec::new(),
            problems: problems.iter().map(|problem| (*problem).to_owned()).collect(),
            beside: BTreeSet::new(),
        }
    }

    #[test]
    fn an_image_answers_for_those_that_run() {
        let failing = [examined(Part::Running, "accounts", &["it fails"])];
        let fit =
            [examined(Part::Running, "customers", &[]), examined(Part::New, "transfers", &["it fails"])];
        for service in ["accounts", "customers"] {
            let mut image = examined(Part::New, service, &[]);
            image.answer_for(&fit);
            assert!(image.passed, "{service}");
            image.answer_for(&failing);
            assert!(!image.passed, "{service}");
        }
    }

    #[test]
    fn a_failure_is_not_forgotten_by_showing_less() {
        let mut failed = examined(Part::New, "accounts", &["it fails"]);
        failed.beside = ["sample".to_owned(), "running".to_owned()].into();
        let mut less = examined(Part::New, "accounts", &[]);
        less.beside = ["running".to_owned()].into();
        assert!(!less.may_follow(Some(&failed)) && !less.passed);
        assert_eq!(less.problems, ["it failed before, when --sample was given; give that again"]);
        let mut same = Examined { beside: failed.beside.clone(), ..examined(Part::New, "accounts", &[]) };
        assert!(same.may_follow(Some(&failed)) && same.passed);
        let mut first = examined(Part::New, "accounts", &[]);
        assert!(first.may_follow(None) && first.passed);
        failed.passed = true;
        assert!(first.may_follow(Some(&failed)) && first.passed);
    }

    #[test]
    fn publishing_finds_what_it_looks_for() {
        let text = serde_json::to_string(&Record::of(&examined(Part::New, "accounts", &[]))).unwrap();
        assert!(text.contains("\"passed\":true") && text.contains("\"sha256:abc\""), "{text}");
    }
}
