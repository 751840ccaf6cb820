//! `commands`: how many commands a second PostgreSQL takes from our store, and how many from others.
//!
//! All contenders run in one run against one server, in turns, each cell in a database of its own.

mod goals;

use anyhow::{Context, ensure};
use clap::ValueEnum;

use crate::contender::{Contender, MOST_CONNECTIONS};
use crate::driver::{Measured, Timing};
use crate::machine::Fact;
use crate::plan::Load;
use crate::postgres::{Server, with_server};
use crate::progress::Progress;
use crate::report::chart::{Chart, Group};
use crate::report::summary::{Cell, HEADINGS};
use crate::report::table::Table;
use crate::report::{Output, Report};

/// Connections that a cell has besides the contender's: our store's notices, the run's own.
const OTHER_CONNECTIONS: usize = 6;

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The server, where databases may be created: postgres://user:password@host:port/postgres
    #[arg(long, env = "BANK_TEST_POSTGRES_URL", hide_env_values = true, value_name = "URL")]
    postgres: Option<String>,
    /// Who is measured
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Contender::value_variants().to_vec(), hide_default_value = true)]
    contenders: Vec<Contender>,
    /// How many commands are under way at once; `hot` is 64 on 8 accounts
    #[arg(long, value_delimiter = ',', default_value = "1,16,64,256,hot")]
    loads: Vec<Load>,
    #[command(flatten)]
    timing: Timing,
    #[command(flatten)]
    output: Output,
}

/// A cell before it is measured.
type Plan = (Contender, Load);

/// Measures and reports.
///
/// # Errors
/// When the server cannot be reached or has too few connections, and when a contender fails or loses an event.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let url = args.postgres.as_deref().context(
        "which PostgreSQL server? Give --postgres URL, or run: eval \"$(scripts/backing-services env)\"",
    )?;
    let plan = plan(&args);
    ensure!(!plan.is_empty(), "nothing to measure: give --contenders and --loads");
    let (cells, facts) = with_server(url, async |server| measure(server, &plan, args.timing).await).await?;
    let table = Table::new(&HEADINGS, cells.iter().map(Cell::row));
    let chart = chart(&cells);
    Report::new("commands", cells.clone(), goals::goals(&cells), facts).give(&args.output, &table, &chart)
}

/// Every contender under every load, in the order in which they take turns.
fn plan(args: &Args) -> Vec<Plan> {
    let asked = |contender: &Contender| args.contenders.contains(contender);
    let single = |load| Contender::SINGLE.into_iter().filter(asked).map(move |contender| (contender, load));
    let raw = Contender::RAW.into_iter().filter(asked).map(|contender| (contender, Load::Batches));
    let pair = [Contender::PAIR].into_iter().filter(|(contender, _)| asked(contender));
    args.loads.iter().flat_map(|&load| single(load)).chain(pair).chain(raw).collect()
}

async fn measure(server: &Server, plan: &[Plan], timing: Timing) -> anyhow::Result<(Vec<Cell>, Vec<Fact>)> {
    let connections = plan.iter().map(|(_, load)| load.in_flight().min(MOST_CONNECTIONS)).max();
    server.require_connections(connections.unwrap_or(0) + OTHER_CONNECTIONS).await?;
    let facts = server.facts().await?;
    let progress = Progress::new(plan.len() * usize::try_from(timing.rounds)?);
    let mut rounds: Vec<Vec<Measured>> = vec![Vec::new(); plan.len()];
    for round in 0..timing.rounds {
        for (&(contender, load), measured) in plan.iter().zip(&mut rounds) {
            let what = format!("round {}, {} at {load}", round + 1, contender.name());
            progress.begin(what.clone());
            let database = server.create().await?;
            let found = contender.measure(&database, load, timing).await.with_context(|| what.clone())?;
            server.drop(&database).await?;
            progress.end(&format!("{what}: {:.0} commands/s, p50 {:.2} ms", found.per_second, found.p50_ms));
            measured.push(found);
        }
    }
    let cells =
        plan.iter().zip(rounds).map(|(&(contender, load), rounds)| Cell::new(contender.name(), load, rounds));
    Ok((cells.collect(), facts))
}

fn chart(cells: &[Cell]) -> Chart {
    let mut groups: Vec<Group> = Vec::new();
    for cell in cells {
        let name = match cell.load {
            Load::InFlight(count) => format!("{count} in flight"),
            Load::Hot => "64 on 8 accounts".to_owned(),
            Load::Batches => "limit".to_owned(),
        };
        let bar = (cell.contender.to_owned(), cell.summary.per_second);
        match groups.iter_mut().find(|group| group.name == name) {
            Some(group) => group.bars.push(bar),
            None => groups.push(Group { name, bars: vec![bar] }),
        }
    }
    Chart { title: "Commands a second on PostgreSQL".to_owned(), unit: "commands/s", groups }
}
