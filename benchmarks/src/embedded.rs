//! `embedded`: how many commands a second SQLite takes from our store, and how many when each is a transaction of
//! its own, on the same file system with the same settings.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, ensure};
use sqlx::{Connection, query_scalar};

use crate::account_worker::Accounts;
use crate::contender::sqlite_by_hand::{self, SqliteByHand};
use crate::contender::{Own, Way, workers_for};
use crate::driver::{Measured, Timing, drive};
use crate::files;
use crate::machine::Fact;
use crate::plan::Load;
use crate::progress::Progress;
use crate::report::chart::{Chart, Group};
use crate::report::goal::{Better, Goal, Unit};
use crate::report::statistics::ratio;
use crate::report::summary::{Cell, HEADINGS};
use crate::report::table::Table;
use crate::report::{Output, Report};
use crate::retries;

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A folder on the disk that is to be measured
    #[arg(long, default_value = ".")]
    dir: PathBuf,
    /// How many commands are under way at once; `hot` is 64 on 8 accounts
    #[arg(long, default_value = "64", value_name = "COUNT")]
    in_flight: Load,
    #[command(flatten)]
    timing: Timing,
    #[command(flatten)]
    output: Output,
}

/// Who works on SQLite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Contender {
    Lanes,
    Direct,
    Handwritten,
}

const CONTENDERS: [Contender; 3] = [Contender::Lanes, Contender::Direct, Contender::Handwritten];
const OURS: Contender = Contender::Lanes;

/// Measures and reports.
///
/// # Errors
/// When the folder is of no use, and when a contender fails or loses an event.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let (cells, facts) = files::with_folder(&args.dir, async |dir| measure(dir, &args).await).await?;
    let table = Table::new(&HEADINGS, cells.iter().map(Cell::row));
    let bars = cells.iter().map(|cell| (cell.contender.to_owned(), cell.summary.per_second)).collect();
    let group = Group { name: format!("{} in flight", args.in_flight), bars };
    let chart =
        Chart { title: "Commands a second on SQLite".to_owned(), unit: "commands/s", groups: vec![group] };
    Report::new("embedded", cells.clone(), vec![goal(&cells)], facts).give(&args.output, &table, &chart)
}

fn goal(cells: &[Cell]) -> Goal {
    let of = |contender: Contender| cells.iter().find(|cell| cell.contender == contender.name());
    let measured = of(OURS).zip(of(Contender::Handwritten));
    Goal::new(
        "commands/s over one transaction a command",
        (Unit::Times, Better::Higher),
        (8.0, 20.0),
        measured.and_then(|(ours, by_hand)| ratio(ours.summary.per_second, by_hand.summary.per_second)),
    )
}

async fn measure(dir: &Path, args: &Args) -> anyhow::Result<(Vec<Cell>, Vec<Fact>)> {
    let mut facts = sqlite_by_hand::facts(&dir.join("facts.sqlite")).await?;
    facts.push(files::fact(dir));
    let progress = Progress::new(CONTENDERS.len() * usize::try_from(args.timing.rounds)?);
    let mut rounds: [Vec<Measured>; CONTENDERS.len()] = Default::default();
    for round in 0..args.timing.rounds {
        for (contender, measured) in CONTENDERS.into_iter().zip(&mut rounds) {
            let what = format!("round {}, {} at {}", round + 1, contender.name(), args.in_flight);
            progress.begin(what.clone());
            let folder = tempfile::tempdir_in(dir)?;
            let found = contender
                .measure(&folder.path().join("accounts.sqlite"), args.in_flight, args.timing)
                .await
                .with_context(|| what.clone())?;
            progress.end(&format!("{what}: {:.0} commands/s, p50 {:.2} ms", found.per_second, found.p50_ms));
            measured.push(found);
        }
    }
    let cell = |(contender, rounds): (Contender, _)| Cell::new(contender.name(), args.in_flight, rounds);
    Ok((CONTENDERS.into_iter().zip(rounds).map(cell).collect(), facts))
}

impl Contender {
    fn name(self) -> &'static str {
        match self {
            Self::Lanes => "lanes",
            Self::Direct => "direct",
            Self::Handwritten => "handwritten",
        }
    }

    async fn measure(self, file: &Path, load: Load, timing: Timing) -> anyhow::Result<Measured> {
        let url = format!("sqlite://{}", file.display());
        let accounts: Arc<dyn Accounts> = match self {
            Self::Lanes => Arc::new(Own::open(&url, Way::Lanes).await?),
            Self::Direct => Arc::new(Own::open(&url, Way::Direct).await?),
            Self::Handwritten => Arc::new(SqliteByHand::open(file).await?),
        };
        retries::take();
        let mut measured = drive(workers_for(&accounts, load).await?, timing).await?;
        measured.retries += retries::take();
        accounts.close().await;
        let (stored, expected) = (count(file).await?, measured.acknowledged + load.events_before());
        ensure!(
            stored == expected,
            "{} acknowledged {expected} events and stored {stored}, so its figures mean nothing",
            self.name()
        );
        Ok(measured)
    }
}

async fn count(file: &Path) -> anyhow::Result<u64> {
    let mut connection = sqlite_by_hand::connect(file).await?;
    let events: i64 = query_scalar("SELECT count(*) FROM events").fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(u64::try_from(events)?)
}
