//! Whether this code can take over a bank: it must read every event that was ever written, and every snapshot.
//!
//! A service says with [`History`] what it folds into aggregates and what its subscription reads, by the very functions
//! that do it when it serves. `SERVICE history FILE…` runs them over recorded events, without servers and settings, and
//! prints one JSON document. Invariant: nothing here decides what becomes of an event that cannot be read; what does is
//! asked.

mod input;
mod reading;
mod report;
#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use domain::Aggregate;
use event_store::RecordedEvent;

use crate::app::{About, Failure, report as tell};
pub use input::Line;
use input::Stream;
use reading::Reading;
pub use reading::{Role, Unread};
pub use report::{EventReport, Report, SnapshotReport, TakeOver, Verdict};

/// What a service reads.
pub struct History {
    service: &'static str,
    version: &'static str,
    readings: Vec<Reading>,
}

impl History {
    /// That of a service which reads nothing yet.
    #[must_use]
    pub fn of(about: &About) -> Self {
        Self { service: about.name, version: about.version, readings: Vec::new() }
    }

    /// It decides on this aggregate: folds its events, and takes over its snapshots.
    #[must_use]
    pub fn folds<A: Aggregate>(mut self) -> Self {
        self.readings.push(Reading::aggregate::<A>(self.service));
        self
    }

    /// Its subscription reads the events of these aggregate types. `begin` makes what reads one stream from its start.
    #[must_use]
    pub fn subscribes<R>(mut self, types: &[&'static str], begin: impl Fn() -> R + 'static) -> Self
    where
        R: FnMut(&RecordedEvent) -> Result<(), Unread> + 'static,
    {
        self.readings.push(Reading::subscription(self.service, types, begin));
        self
    }

    /// All that another service of the same process reads, too.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.readings.extend(other.readings);
        self
    }

    /// The whole command: reads the files, prints the report, and gives the exit status. 1: something failed; 2: the files
    /// are not what they should be, and nothing was printed.
    #[must_use]
    pub fn check(&self, files: &[PathBuf]) -> ExitCode {
        let streams = match input::read(files) {
            Ok(streams) => streams,
            Err(error) => {
                tell(self.service, Err(Failure::start(error)));
                return ExitCode::from(2);
            }
        };
        let report = self.read(&streams);
        let told = print(&report).map_err(Failure::start).and_then(|()| match report.problem() {
            Some(problem) => Err(Failure::start(problem)),
            None => Ok(()),
        });
        tell(self.service, told)
    }

    fn read(&self, streams: &[Stream]) -> Report {
        let mut report = Report::new(self.service, self.version);
        for stream in streams {
            let mut is_read = false;
            for reading in &self.readings {
                if let Some(stream) = stream.as_read_by(reading) {
                    reading.read(&stream, &mut report);
                    is_read = true;
                }
            }
            if !is_read {
                report.unread(stream, self.service);
            }
        }
        report.finish()
    }
}

fn print(report: &Report) -> io::Result<()> {
    let text = serde_json::to_string_pretty(report)?;
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}")?;
    stdout.flush()
}
