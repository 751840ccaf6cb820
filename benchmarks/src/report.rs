//! What a run has found: tables for people, JSON for programs, a chart for a page.

pub(crate) mod chart;
pub(crate) mod goal;
pub(crate) mod statistics;
pub(crate) mod summary;
pub(crate) mod table;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use serde::Serialize;

use crate::machine::{Fact, facts, repeat};
use chart::Chart;
use goal::Goal;
use table::Table;

/// Where a run's figures go besides stdout.
#[derive(Debug, Clone, Args)]
pub(crate) struct Output {
    /// Write every figure of the run to this file as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Draw the figures into this file as SVG
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
}

/// The outcome of a run.
#[derive(Debug, Serialize)]
pub(crate) struct Report<R> {
    /// Which benchmark.
    pub benchmark: &'static str,
    /// Every cell of it.
    pub results: Vec<R>,
    /// What was aimed at, and what was reached.
    pub goals: Vec<Goal>,
    /// What it was measured on.
    pub machine: Vec<Fact>,
    /// The command that repeats it.
    pub repeat: String,
}

impl<R: Serialize> Report<R> {
    /// A report on this machine, with what else is to be known about where `results` come from.
    pub(crate) fn new(benchmark: &'static str, results: Vec<R>, goals: Vec<Goal>, more: Vec<Fact>) -> Self {
        let machine = facts().into_iter().chain(more).collect();
        Self { benchmark, results, goals, machine, repeat: repeat() }
    }

    /// Prints everything, with `table` for the results, and writes the files that `output` names.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(crate) fn give(&self, output: &Output, table: &Table, chart: &Chart) -> anyhow::Result<()> {
        println!("{table}");
        println!("{}", goal::table(&self.goals));
        for Fact { name, value } in &self.machine {
            println!("{name}: {value}");
        }
        println!("\nrepeat with: {}", self.repeat);
        if let Some(path) = &output.json {
            write(path, serde_json::to_string_pretty(self)?)?;
        }
        if let Some(path) = &output.svg {
            write(path, chart.svg()?)?;
        }
        Ok(())
    }
}

fn write(path: &Path, text: String) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
