//! `pipeline`: whether events reach the bus and the views as fast as they are appended, and how late they are.
//!
//! First everything works at once: commands are carried out, the relay publishes what they append, the projector folds
//! it into views, and each event is timed from when it was recorded. Then each works alone: the same number of events is
//! appended, then published, then folded. A stage that is slower alone than the appending would fall behind for good.

mod gauge;
mod phases;
mod site;
mod stages;

use std::path::PathBuf;

use anyhow::Context;
use clap::value_parser;
use serde::Serialize;

use crate::contender::sqlite_by_hand;
use crate::files;
use crate::machine::Fact;
use crate::postgres::with_server;
use crate::progress::Progress;
use crate::report::chart::{Chart, Group};
use crate::report::goal::{Better, Goal, Unit};
use crate::report::statistics::ratio;
use crate::report::table::Table;
use crate::report::{Output, Report};
use crate::servers::{with_mongo, with_topics};
use gauge::Lag;
use site::Place;

const HEADINGS: [&str; 6] =
    ["stage", "alone, events/s", "over append", "together, events/s", "lag p50 ms", "lag p99 ms"];

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which servers
    #[arg(long, value_enum, default_value = "distributed")]
    shape: Shape,
    /// The PostgreSQL server, where databases may be created: postgres://user:password@host:port/postgres
    #[arg(long, env = "BANK_TEST_POSTGRES_URL", hide_env_values = true, value_name = "URL")]
    postgres: Option<String>,
    /// Kafka's brokers, where topics may be made: host:port
    #[arg(long, env = "BANK_TEST_KAFKA_BROKERS", value_name = "BROKERS")]
    kafka: Option<String>,
    /// A MongoDB server, whose views are measured besides those in SQLite: mongodb://host:port
    #[arg(long, env = "BANK_TEST_MONGO_URL", hide_env_values = true, value_name = "URL")]
    mongo: Option<String>,
    /// Seconds after which the views in MongoDB are measured by what they have until then
    #[arg(long, default_value_t = 30, value_parser = value_parser!(u64).range(1..=3600))]
    mongo_seconds: u64,
    /// A folder on the disk that is to be measured
    #[arg(long, default_value = ".")]
    dir: PathBuf,
    /// Events that are appended, twice
    #[arg(long, default_value_t = 50_000, value_parser = value_parser!(u64).range(1..=10_000_000))]
    events: u64,
    /// Commands that are under way at once
    #[arg(long, default_value_t = 64, value_parser = value_parser!(u16).range(1..=10_000))]
    in_flight: u16,
    #[command(flatten)]
    output: Output,
}

/// What the pipeline is made of; the views are in SQLite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Shape {
    /// PostgreSQL and Kafka
    Distributed,
    /// SQLite and the embedded log
    Embedded,
}

/// A part of the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Stage {
    Append,
    Relay,
    Projector,
    ProjectorMongo,
}

/// What a stage came to.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Measured {
    stage: Stage,
    /// Events a second while nothing else works.
    alone_per_second: f64,
    /// Events a second while all stages work.
    together_per_second: Option<f64>,
    /// How late events were meanwhile.
    lag: Option<Lag>,
}

/// Measures and reports.
///
/// # Errors
/// When a server is missing or fails, and when an event is lost on the way.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let (measured, mut facts) = match args.shape {
        Shape::Distributed => distributed(&args).await?,
        Shape::Embedded => embedded(&args).await?,
    };
    facts.insert(0, Fact::new("events", args.events.to_string()));
    let append = measured.first().map_or(0.0, |append| append.alone_per_second);
    let table = Table::new(&HEADINGS, measured.iter().map(|measured| measured.row(append)));
    let (goals, chart) = (goals(&measured), chart(args.shape, &measured));
    Report::new("pipeline", measured, goals, facts).give(&args.output, &table, &chart)
}

type Found = (Vec<Measured>, Vec<Fact>);

async fn distributed(args: &Args) -> anyhow::Result<Found> {
    let how = "or run: eval \"$(scripts/backing-services env)\"";
    let postgres =
        args.postgres.as_deref().with_context(|| format!("which server? Give --postgres URL, {how}"))?;
    let brokers =
        args.kafka.as_deref().with_context(|| format!("which brokers? Give --kafka BROKERS, {how}"))?;
    with_topics(brokers, async |prefix| {
        with_mongo(args.mongo.as_deref(), async |mongo| {
            with_server(postgres, async |server| {
                files::with_folder(&args.dir, async |dir| {
                    let place = Place { dir, servers: Some((server, brokers, prefix)) };
                    let mut facts = server.facts().await?;
                    facts.push(files::fact(dir));
                    Ok((measure(&place, mongo, args).await?, facts))
                })
                .await
            })
            .await
        })
        .await
    })
    .await
}

async fn embedded(args: &Args) -> anyhow::Result<Found> {
    files::with_folder(&args.dir, async |dir| {
        let mut facts = sqlite_by_hand::facts(&dir.join("facts.sqlite")).await?;
        facts.push(files::fact(dir));
        Ok((measure(&Place { dir, servers: None }, None, args).await?, facts))
    })
    .await
}

async fn measure(place: &Place<'_>, mongo: Option<&str>, args: &Args) -> anyhow::Result<Vec<Measured>> {
    let progress = Progress::new(if mongo.is_some() { 5 } else { 4 });
    let together = phases::together(place, args, &progress).await?;
    let alone = phases::alone(place, mongo, args, &progress).await?;
    let stage = |stage, alone_per_second, together_per_second, lag| Measured {
        stage,
        alone_per_second,
        together_per_second,
        lag,
    };
    let mut measured = vec![
        stage(Stage::Append, alone.append, Some(together.append), None),
        stage(Stage::Relay, alone.relay, Some(together.relay.per_second), Some(together.relay.lag)),
        stage(
            Stage::Projector,
            alone.projector,
            Some(together.projector.per_second),
            Some(together.projector.lag),
        ),
    ];
    measured.extend(alone.projector_mongo.map(|rate| stage(Stage::ProjectorMongo, rate, None, None)));
    Ok(measured)
}

impl Stage {
    fn name(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Relay => "relay",
            Self::Projector => "projector",
            Self::ProjectorMongo => "projector, MongoDB",
        }
    }
}

impl Measured {
    fn row(&self, append: f64) -> Vec<String> {
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
        let lag = |of: fn(&Lag) -> f64| or_dash(self.lag.as_ref().map(|lag| format!("{:.1}", of(lag))));
        vec![
            self.stage.name().to_owned(),
            format!("{:.0}", self.alone_per_second),
            or_dash(ratio(self.alone_per_second, append).map(|times| format!("{times:.2}x"))),
            or_dash(self.together_per_second.map(|rate| format!("{rate:.0}"))),
            lag(|lag| lag.p50_ms),
            lag(|lag| lag.p99_ms),
        ]
    }
}

/// MongoDB has no target: what runs here may be a stand-in for it.
fn goals(measured: &[Measured]) -> Vec<Goal> {
    let of = |stage| measured.iter().find(|measured| measured.stage == stage);
    let rate = |stage: Stage| {
        let rates = of(stage).zip(of(Stage::Append));
        let over = rates.and_then(|(stage, append)| ratio(stage.alone_per_second, append.alone_per_second));
        let what = format!("{}: events/s over those appended", stage.name());
        Goal::new(&what, (Unit::Times, Better::Higher), (1.0, 1.5), over)
    };
    let lag = |stage: Stage| {
        let lag = of(stage).and_then(|measured| measured.lag.as_ref()).map(|lag| lag.p99_ms);
        let what = format!("{}: lag while appending, p99", stage.name());
        Goal::new(&what, (Unit::Milliseconds, Better::Lower), (1000.0, 1000.0), lag)
    };
    vec![rate(Stage::Relay), rate(Stage::Projector), lag(Stage::Relay), lag(Stage::Projector)]
}

fn chart(shape: Shape, measured: &[Measured]) -> Chart {
    let group = |name: &str, rate: fn(&Measured) -> Option<f64>| Group {
        name: name.to_owned(),
        bars: measured
            .iter()
            .filter_map(|measured| Some((measured.stage.name().to_owned(), rate(measured)?)))
            .collect(),
    };
    let servers = match shape {
        Shape::Distributed => "on PostgreSQL and Kafka",
        Shape::Embedded => "on SQLite",
    };
    Chart {
        title: format!("Events a second through each stage, {servers}"),
        unit: "events/s",
        groups: vec![
            group("alone", |measured| Some(measured.alone_per_second)),
            group("together", |measured| measured.together_per_second),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::goal::Verdict;

    #[test]
    fn a_stage_must_keep_up_with_the_appending() {
        let measured = |stage, alone_per_second, p99_ms: Option<f64>| Measured {
            stage,
            alone_per_second,
            together_per_second: None,
            lag: p99_ms.map(|p99_ms| Lag { p50_ms: 1.0, p99_ms, most_ms: p99_ms }),
        };
        let goals = goals(&[
            measured(Stage::Append, 1000.0, None),
            measured(Stage::Relay, 1600.0, Some(1200.0)),
            measured(Stage::Projector, 900.0, Some(20.0)),
        ]);
        let verdicts: Vec<_> = goals.iter().map(|goal| goal.verdict).collect();
        assert_eq!(verdicts, [Verdict::Aim, Verdict::Short, Verdict::Short, Verdict::Aim]);
    }
}
