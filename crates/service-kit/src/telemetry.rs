//! Logs, metrics and spans.

mod traces;

use std::io;
use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use serde::Deserialize;
use tracing::Subscriber;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::app::{About, Failure};
use crate::settings::ServerSettings;
pub use traces::Traces;

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
    let filter = filter(log)?;
    if tracing_subscriber::registry().with(filter).with(lines(format)).try_init().is_ok() {
        tracing::info!(service, "starting");
    }
    Ok(())
}

/// The same for a process that serves, and sends spans from now on if the settings ask for that. Must be called within
/// a Tokio runtime.
///
/// # Errors
/// When the filter of the log is none, or spans cannot be sent as the settings say.
pub(crate) fn start(about: &About, settings: &ServerSettings) -> Result<Traces, Failure> {
    let traces = Traces::of(about, settings)?;
    let Some(spans) = traces.layer() else {
        init(about.name, &settings.log, settings.log_format).map_err(Failure::log)?;
        return Ok(traces);
    };
    // The filter is the lines' alone: spans are chosen by their target.
    let lines = lines(settings.log_format).with_filter(filter(&settings.log).map_err(Failure::log)?);
    if tracing_subscriber::registry().with(lines).with(spans).try_init().is_ok() {
        traces.begin();
        tracing::info!(service = about.name, "starting");
    }
    Ok(traces)
}

fn filter(log: &str) -> Result<EnvFilter, String> {
    EnvFilter::try_new(log).map_err(|error| {
        format!("`{log}` is no log filter ({error}); write a level, such as info, or info,accounts=debug")
    })
}

fn lines<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let lines = fmt::layer().with_writer(io::stderr);
    match format {
        LogFormat::Pretty => lines.boxed(),
        LogFormat::Json => {
            lines.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed()
        }
    }
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
