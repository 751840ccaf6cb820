//! Logs and metrics.

use std::io;
use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use serde::Deserialize;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

/// How often histograms are folded while nobody reads them.
const UPKEEP: Duration = Duration::from_secs(5);

/// Upper bounds of the buckets of everything that is measured in seconds.
const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Pretty,
    /// One JSON object a line.
    Json,
}

/// Writes logs to stderr from now on; a second call in the same process changes nothing.
///
/// # Errors
/// When `log` is no filter such as `info` or `info,accounts=debug`; the text says which part is not.
pub fn init(service: &str, log: &str, format: LogFormat) -> Result<(), String> {
    let filter = EnvFilter::try_new(log).map_err(|error| {
        format!("`{log}` is no log filter ({error}); write a level, such as info, or info,accounts=debug")
    })?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let installed = match format {
        LogFormat::Pretty => builder.finish().try_init(),
        LogFormat::Json => builder
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .finish()
            .try_init(),
    };
    if installed.is_ok() {
        tracing::info!(service, "starting");
    }
    Ok(())
}

/// The metrics of this process, recorded from the first call on. Services in one process share them.
pub fn metrics() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(install)
}

fn install() -> PrometheusHandle {
    // The bounds are not empty, which is all that can be wrong with them.
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .unwrap_or_default();
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::warn!("another metrics recorder is installed: /metrics stays empty");
    }
    let upkeep = handle.clone();
    // A thread of its own, because a test's runtime ends before the process does.
    let thread = std::thread::Builder::new().name("metrics-upkeep".to_owned()).spawn(move || {
        loop {
            std::thread::sleep(UPKEEP);
            upkeep.run_upkeep();
        }
    });
    if let Err(error) = thread {
        tracing::warn!(%error, "metrics are folded only when they are read");
    }
    handle
}
