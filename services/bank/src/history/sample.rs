//! `bank sample`: a little of what a living bank has written, for a program that is to take it over.
//!
//! Invariant: nothing is written, and what is printed is bounded by the number of shapes, not by that of the events.

use std::io::{self, Write};
use std::num::NonZeroU32;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use domain::Aggregate;
use domain::account::Account;
use domain::bulk_transfer::BulkTransfer;
use domain::customer::Customer;
use domain::order::TransferOrder;
use domain::transfer::MoneyTransfer;
use event_store::{EventStore, Metadata, StreamId, Until, Version};
use service_kit::Failure;
use service_kit::history::Line;
use service_kit::settings::CommonArgs;

use crate::cli::settings;
use crate::parts::Urls;

/// What `bank sample` may be told.
#[derive(Debug, Args)]
pub(crate) struct SampleArgs {
    /// How many streams to take for each event type and schema version, the youngest first
    #[arg(long, value_name = "COUNT", default_value = "3")]
    streams: NonZeroU32,
    /// Leave out streams that have more events than this
    #[arg(long, value_name = "EVENTS", default_value = "1000")]
    longest: NonZeroU32,
    #[command(flatten)]
    settings: CommonArgs,
}

/// Prints whole streams of every shape, and the newest snapshot of each: one JSON document a line, for `SERVICE history`.
///
/// # Errors
/// When the settings are wrong, or a store cannot be read.
pub(crate) async fn run(args: SampleArgs) -> Result<ExitCode, Failure> {
    let config = settings(&args.settings)?;
    match print(&Urls::of(&config), &args).await {
        // Whoever reads it may have read enough.
        Err(error) if is_broken_pipe(&error) => Ok(ExitCode::SUCCESS),
        Err(error) => Err(Failure::start(format!("{error:#}"))),
        Ok(()) => Ok(ExitCode::SUCCESS),
    }
}

async fn print(urls: &Urls, args: &SampleArgs) -> anyhow::Result<()> {
    // All are opened before the first line, so that half a sample does not look like a whole one.
    let accounts = urls.read_accounts_store().await?;
    let transfers = urls.read_transfers_store().await?;
    let customers = urls.read_customers_store().await?;
    let stores = [
        (accounts, [Account::TYPE].as_slice()),
        (transfers, [MoneyTransfer::TYPE, BulkTransfer::TYPE, TransferOrder::TYPE].as_slice()),
        (customers, [Customer::TYPE].as_slice()),
    ];
    for (store, aggregate_types) in stores {
        for aggregate_type in aggregate_types {
            print_streams(&store, aggregate_type, args).await?;
        }
        store.close().await;
    }
    Ok(())
}

async fn print_streams(
    store: &Arc<dyn EventStore>,
    aggregate_type: &str,
    args: &SampleArgs,
) -> anyhow::Result<()> {
    let ids = store.sample(aggregate_type, args.streams.get(), args.longest.get()).await?;
    for id in ids {
        let stream = StreamId::new(aggregate_type, id);
        let events = store.load(&stream, Version::NONE, Until::Latest).await?;
        let last = events.last().map_or(Version::NONE, |last| last.version);
        let snapshot = store.load_snapshot(&stream, last).await?;
        let mut text = String::new();
        for mut event in events {
            // Who asked, and in which request, is nothing that code folds.
            event.metadata = Metadata::default();
            text += &serde_json::to_string(&Line::Event(event))?;
            text.push('\n');
        }
        if let Some(snapshot) = snapshot {
            text += &serde_json::to_string(&Line::Snapshot(snapshot))?;
            text.push('\n');
        }
        io::stdout().lock().write_all(text.as_bytes())?;
    }
    Ok(io::stdout().lock().flush()?)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
