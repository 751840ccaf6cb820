//! What the bank has to reach, what it aims at, and whether it does.

use serde::Serialize;

use super::table::Table;

/// One figure with its target.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Goal {
    /// What is measured.
    pub what: String,
    /// In which unit.
    pub unit: Unit,
    /// Whether more is better.
    pub better: Better,
    /// The bound that must be kept.
    pub at_least: f64,
    /// The bound that is aimed at.
    pub aim: f64,
    /// What was measured, if it was.
    pub measured: Option<f64>,
    /// What that means.
    pub verdict: Verdict,
}

/// Which way a figure should go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Better {
    /// Throughput.
    Higher,
    /// Latency, retries.
    Lower,
}

/// How a figure is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Unit {
    /// So many times as much.
    Times,
    /// Hundredths.
    Percent,
    /// A number of things.
    Count,
    /// Time.
    Milliseconds,
    /// Memory.
    Mebibytes,
}

/// Whether a target is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    /// Even what was aimed at.
    Aim,
    /// What must be.
    Met,
    /// Not reached.
    Short,
    /// Nobody looked.
    NotMeasured,
}

impl Goal {
    /// `measured` against the two bounds.
    pub(crate) fn new(
        what: &str,
        (unit, better): (Unit, Better),
        (at_least, aim): (f64, f64),
        measured: Option<f64>,
    ) -> Self {
        let keeps = |measured: f64, bound: f64| match better {
            Better::Higher => measured >= bound,
            Better::Lower => measured <= bound,
        };
        let verdict = match measured {
            None => Verdict::NotMeasured,
            Some(measured) if keeps(measured, aim) => Verdict::Aim,
            Some(measured) if keeps(measured, at_least) => Verdict::Met,
            Some(_) => Verdict::Short,
        };
        Self { what: what.to_owned(), unit, better, at_least, aim, measured, verdict }
    }

    fn row(&self) -> Vec<String> {
        let bound = |bound| match self.better {
            Better::Higher => format!("≥ {}", self.unit.write(bound)),
            Better::Lower => format!("≤ {}", self.unit.write(bound)),
        };
        vec![
            self.what.clone(),
            bound(self.at_least),
            bound(self.aim),
            self.measured.map_or("–".to_owned(), |measured| self.unit.write(measured)),
            self.verdict.name().to_owned(),
        ]
    }
}

impl Unit {
    fn write(self, figure: f64) -> String {
        match self {
            Self::Times if figure < 10.0 => format!("{figure:.2}x"),
            Self::Times => format!("{figure:.1}x"),
            Self::Percent => format!("{:.0} %", figure * 100.0),
            Self::Count => format!("{figure:.0}"),
            Self::Milliseconds => format!("{figure:.1} ms"),
            Self::Mebibytes => format!("{figure:.1} MiB"),
        }
    }
}

impl Verdict {
    fn name(self) -> &'static str {
        match self {
            Self::Aim => "aim",
            Self::Met => "met",
            Self::Short => "short",
            Self::NotMeasured => "not measured",
        }
    }
}

/// All goals as a table.
pub(crate) fn table(goals: &[Goal]) -> Table {
    Table::new(&["target", "at least", "aim", "measured", "verdict"], goals.iter().map(Goal::row))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(better: Better, measured: Option<f64>) -> Verdict {
        let bounds = if better == Better::Higher { (8.0, 12.0) } else { (1.2, 0.9) };
        Goal::new("", (Unit::Times, better), bounds, measured).verdict
    }

    #[test]
    fn more_throughput_is_better() {
        let verdicts = [7.9, 8.0, 12.0].map(|measured| verdict(Better::Higher, Some(measured)));
        assert_eq!(verdicts, [Verdict::Short, Verdict::Met, Verdict::Aim]);
    }

    #[test]
    fn less_latency_is_better() {
        let verdicts = [1.3, 1.2, 0.9].map(|measured| verdict(Better::Lower, Some(measured)));
        assert_eq!(verdicts, [Verdict::Short, Verdict::Met, Verdict::Aim]);
    }

    #[test]
    fn what_nobody_measured_is_not_reached() {
        assert_eq!(verdict(Better::Lower, None), Verdict::NotMeasured);
    }
}
