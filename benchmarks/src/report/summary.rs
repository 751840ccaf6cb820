//! The rounds of one cell, summed up.

use serde::Serialize;

use super::statistics::median;
use crate::driver::Measured;
use crate::plan::Load;

/// One contender under one load, over all rounds.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Cell {
    /// The contender.
    pub contender: &'static str,
    /// Its load.
    pub load: Load,
    /// What it came to in each round.
    pub rounds: Vec<Measured>,
    /// Over the rounds.
    pub summary: Summary,
}

/// Medians over rounds, where nothing else is said.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Summary {
    /// Commands a second.
    pub per_second: f64,
    /// Those of the slowest round.
    pub slowest: f64,
    /// Those of the fastest round.
    pub fastest: f64,
    /// Latency in milliseconds.
    pub p50_ms: f64,
    /// See `p50_ms`.
    pub p95_ms: f64,
    /// See `p50_ms`.
    pub p99_ms: f64,
    /// Tries in vain, of all rounds together.
    pub retries: u64,
}

impl Cell {
    pub(crate) fn new(contender: &'static str, load: Load, rounds: Vec<Measured>) -> Self {
        Self { contender, load, summary: Summary::of(&rounds), rounds }
    }

    /// Its row in a table under [`HEADINGS`].
    pub(crate) fn row(&self) -> Vec<String> {
        let Summary { per_second, slowest, fastest, p50_ms, p95_ms, p99_ms, retries } = &self.summary;
        vec![
            self.contender.to_owned(),
            self.load.to_string(),
            format!("{per_second:.0}"),
            format!("{slowest:.0}–{fastest:.0}"),
            format!("{p50_ms:.2}"),
            format!("{p95_ms:.2}"),
            format!("{p99_ms:.2}"),
            retries.to_string(),
        ]
    }
}

/// Above [`Cell::row`].
pub(crate) const HEADINGS: [&str; 8] =
    ["contender", "in flight", "commands/s", "min–max", "p50 ms", "p95 ms", "p99 ms", "retries"];

impl Summary {
    fn of(rounds: &[Measured]) -> Self {
        let over = |field: fn(&Measured) -> f64| median(rounds.iter().map(field));
        let per_second = rounds.iter().map(|round| round.per_second);
        Self {
            per_second: over(|round| round.per_second),
            slowest: per_second.clone().reduce(f64::min).unwrap_or(0.0),
            fastest: per_second.reduce(f64::max).unwrap_or(0.0),
            p50_ms: over(|round| round.p50_ms),
            p95_ms: over(|round| round.p95_ms),
            p99_ms: over(|round| round.p99_ms),
            retries: rounds.iter().map(|round| round.retries).sum(),
        }
    }
}
