//! `bank verify`: reads, checks, prints.

use std::fmt::Write;
use std::process::ExitCode;

use chrono::{TimeDelta, Utc};
use clap::Args;
use service_kit::Failure;
use service_kit::settings::{CommonArgs, Span};

use super::{Evidence, Invariant, Report, Sources, check};
use crate::cli::{print, settings};
use crate::config::Config;
use crate::parts::Urls;

/// How many differences are printed in full.
const SHOWN: usize = 20;

/// What `bank verify` may be told.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// How long past its deadline a transfer may still be on its way, for example 30s
    #[arg(long, value_name = "TIME", default_value = "30s")]
    grace: Span,
    #[command(flatten)]
    settings: CommonArgs,
}

/// Checks every invariant on what is stored; exit status 1 on any difference.
///
/// # Errors
/// When the settings are wrong. Stores that cannot be read are exit status 2.
pub async fn run(args: VerifyArgs) -> Result<ExitCode, Failure> {
    let config = settings(&args.settings)?;
    let evidence = match gather(&config).await {
        Ok(evidence) => evidence,
        // Not the status of a difference: nothing is known.
        Err(error) => {
            service_kit::report("bank", Err(Failure::start(format!("{error:#}"))));
            return Ok(ExitCode::from(2));
        }
    };
    let grace = TimeDelta::from_std(args.grace.get()).map_err(Failure::start)?;
    let report = check(&evidence, Utc::now() - grace);
    print(&if args.json { as_json(&report)? } else { as_text(&report) })?;
    Ok(if report.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn gather(config: &Config) -> anyhow::Result<Evidence> {
    let mut sources = Sources::open(&Urls::of(config)).await?;
    sources.history_subscription_id.clone_from(&config.history_subscription_id);
    sources.webhooks_subscription_id.clone_from(&config.webhooks_subscription_id);
    Evidence::gather(&sources).await
}

fn as_json(report: &Report) -> Result<String, Failure> {
    serde_json::to_string_pretty(report).map(|text| text + "\n").map_err(Failure::start)
}

fn as_text(report: &Report) -> String {
    let mut text = format!(
        "read {} events of {} accounts, {} orders and {} transfers ({} in flight), {} messages, {} view records{}\n",
        report.events,
        report.accounts,
        report.orders,
        report.transfers,
        report.in_flight,
        report.messages,
        report.view_records,
        if report.views_behind { "; the views are behind" } else { "" },
    );
    for invariant in Invariant::ALL {
        let count = report.findings.iter().filter(|finding| finding.invariant == invariant).count();
        let outcome = if count == 0 { "holds".to_owned() } else { format!("BROKEN {count} times") };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{outcome:>16}  {}", invariant.promise());
    }
    for finding in report.findings.iter().take(SHOWN) {
        let _ = writeln!(text, "difference: {finding}");
    }
    if report.findings.len() > SHOWN {
        let _ = writeln!(text, "and {} more", report.findings.len() - SHOWN);
    }
    text
}
