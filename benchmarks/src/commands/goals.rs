//! What our store has to reach against the others of the same run.

use crate::contender::Contender;
use crate::plan::Load;
use crate::report::goal::{Better, Goal, Unit};
use crate::report::statistics::ratio;
use crate::report::summary::{Cell, Summary};

/// The targets and what `cells` say about them.
pub(super) fn goals(cells: &[Cell]) -> Vec<Goal> {
    let throughput = (Unit::Times, Better::Higher);
    let hot_retries = of(cells, Contender::OURS, Load::Hot).map(|ours| ours.retries as f64);
    vec![
        Goal::new(
            "commands/s over the best Rust crate, 64 in flight",
            throughput,
            (8.0, 12.0),
            over_crates(cells, Load::InFlight(64)),
        ),
        Goal::new(
            "commands/s over the best Rust crate, 256 in flight",
            throughput,
            (15.0, 25.0),
            over_crates(cells, Load::InFlight(256)),
        ),
        Goal::new(
            "commands/s over the best Rust crate, 64 on 8 hot accounts",
            throughput,
            (30.0, 60.0),
            over_crates(cells, Load::Hot),
        ),
        Goal::new("retries on hot accounts", (Unit::Count, Better::Lower), (0.0, 0.0), hot_retries),
        Goal::new(
            "share of the raw limit, 256 in flight",
            (Unit::Percent, Better::Higher),
            (0.5, 0.75),
            share_of_limit(cells),
        ),
        Goal::new(
            "two processes over one, 64 in flight each, disjoint accounts",
            throughput,
            (1.3, 1.3),
            two_over_one(cells),
        ),
        Goal::new(
            "p50 over hand-written SQL, 1 in flight",
            (Unit::Times, Better::Lower),
            (1.2, 0.9),
            latency_over_handwritten(cells),
        ),
    ]
}

fn of(cells: &[Cell], contender: Contender, load: Load) -> Option<&Summary> {
    cells
        .iter()
        .find(|cell| cell.contender == contender.name() && cell.load == load)
        .map(|cell| &cell.summary)
}

fn over_crates(cells: &[Cell], load: Load) -> Option<f64> {
    let ours = of(cells, Contender::OURS, load)?;
    let crates = Contender::CRATES.into_iter().filter_map(|contender| of(cells, contender, load));
    ratio(ours.per_second, crates.map(|summary| summary.per_second).reduce(f64::max)?)
}

fn share_of_limit(cells: &[Cell]) -> Option<f64> {
    let ours = of(cells, Contender::OURS, Load::InFlight(256))?;
    ratio(ours.per_second, of(cells, Contender::Raw, Load::Batches)?.per_second)
}

fn two_over_one(cells: &[Cell]) -> Option<f64> {
    let (pair, load) = Contender::PAIR;
    ratio(of(cells, pair, load)?.per_second, of(cells, Contender::OURS, load)?.per_second)
}

fn latency_over_handwritten(cells: &[Cell]) -> Option<f64> {
    let ours = of(cells, Contender::OURS, Load::InFlight(1))?;
    ratio(ours.p50_ms, of(cells, Contender::Handwritten, Load::InFlight(1))?.p50_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::goal::Verdict;

    fn cell(contender: Contender, load: Load, per_second: f64) -> Cell {
        let mut cell = Cell::new(contender.name(), load, Vec::new());
        cell.summary.per_second = per_second;
        cell
    }

    #[test]
    fn we_are_compared_with_the_best_crate() {
        let load = Load::InFlight(64);
        let cells = [
            cell(Contender::OURS, load, 9000.0),
            cell(Contender::CqrsEs, load, 1000.0),
            cell(Contender::Esrs, load, 500.0),
            cell(Contender::Handwritten, load, 4000.0),
        ];
        let goals = goals(&cells);
        assert_eq!((goals[0].measured, goals[0].verdict), (Some(9.0), Verdict::Met));
        assert_eq!((goals[1].measured, goals[1].verdict), (None, Verdict::NotMeasured));
    }
}
