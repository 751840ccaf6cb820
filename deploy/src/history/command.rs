//! `bank-deploy history`: what it is told, and what it prints.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::files::Files;
use super::{Examined, HistorySettings, Part, run};
use crate::catalog::Catalog;
use crate::cli::print;
use crate::engine::Engine;
use crate::error::DeployError;
use crate::image_name::ImageName;

#[derive(Debug, Args)]
pub(crate) struct HistoryArgs {
    /// The images that are to be published, such as bank/accounts:1.4.0
    #[arg(required_unless_present = "running", value_name = "IMAGE")]
    images: Vec<String>,
    /// An image that runs now: it may park what is new, and must not fail on it; can be given more than once
    #[arg(long, value_name = "IMAGE")]
    running: Vec<String>,
    /// The golden events and snapshots, below the repository
    #[arg(long, value_name = "DIR", default_value = "crates/domain/tests/golden")]
    golden: PathBuf,
    /// Streams of a living store, as `bank sample` prints them
    #[arg(long, value_name = "FILE")]
    sample: Option<PathBuf>,
    /// How many seconds an image may take
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    within: u64,
    /// Where records go, for docker/publish.sh: the folder `history` in here, below the repository
    #[arg(long, value_name = "DIR", env = "BANK_IMAGES_DIR", default_value = "target/images")]
    images_dir: PathBuf,
}

/// Examines the images; exit status 1 when one is not fit.
pub(crate) async fn history(root: &Path, json: bool, args: &HistoryArgs) -> Result<ExitCode, DeployError> {
    let catalog = Catalog::read(root)?;
    let settings = HistorySettings {
        golden: root.join(&args.golden),
        sample: args.sample.clone(),
        within: Duration::from_secs(args.within),
        records: root.join(&args.images_dir).join("history"),
    };
    // What is wrong here is told before the engine is asked for anything.
    let files = Files::read(&settings)?;
    let engine = Engine::connect().await?;
    let names = |images: &[String]| images.iter().map(|image| ImageName::new(image)).collect::<Vec<_>>();
    let examined =
        run(&engine, &catalog, &settings, files, &names(&args.images), &names(&args.running)).await?;
    print(&if json {
        serde_json::to_string_pretty(&examined).map_err(DeployError::here)? + "\n"
    } else {
        as_lines(&examined)
    })?;
    let passed = examined.iter().all(|image| image.passed);
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One line an image that is fit, one line a problem of any other.
fn as_lines(examined: &[Examined]) -> String {
    let mut lines = Vec::new();
    for image in examined {
        let name = &image.image;
        lines.extend(image.problems.iter().map(|problem| format!("{name} is not fit: {problem}\n")));
        lines.extend(image.parked.iter().map(|what| format!("{name} would park {what}\n")));
        if image.passed {
            lines.push(match (image.part, image.folded) {
                (_, 0) => format!("{name} is fit: it reads no events\n"),
                (Part::New, folded) => format!(
                    "{name} is fit: it folds {folded} shapes of events and takes over {} of snapshots\n",
                    image.snapshots
                ),
                (Part::Running, folded) => format!(
                    "{name}, which runs now, is fit: it folds {folded} shapes of events and would park {}\n",
                    image.parked.len()
                ),
            });
        }
    }
    lines.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_a_line() {
        let fit = Examined {
            image: "bank/accounts:2".to_owned(),
            id: String::new(),
            service: "accounts".to_owned(),
            part: Part::New,
            passed: true,
            folded: 89,
            snapshots: 3,
            parked: Vec::new(),
            problems: Vec::new(),
            beside: std::collections::BTreeSet::new(),
        };
        let problems = vec!["a".to_owned(), "b".to_owned()];
        let unfit = Examined { passed: false, problems, ..fit.clone() };
        let gateway = Examined { image: "bank/api-gateway:2".to_owned(), folded: 0, ..fit.clone() };
        let (image, parked) = ("bank/accounts:1".to_owned(), vec!["c".to_owned()]);
        let running = Examined { image, part: Part::Running, parked, ..fit.clone() };
        let expected = "bank/accounts:2 is fit: it folds 89 shapes of events and takes over 3 of snapshots\n\
                        bank/accounts:2 is not fit: a\n\
                        bank/accounts:2 is not fit: b\n\
                        bank/api-gateway:2 is fit: it reads no events\n\
                        bank/accounts:1 would park c\n\
                        bank/accounts:1, which runs now, is fit: it folds 89 shapes of events and would park 1\n";
        assert_eq!(as_lines(&[fit, unfit, gateway, running]), expected);
    }
}
