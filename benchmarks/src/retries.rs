//! Counts how often our own store had to decide a command again. It does not tell its caller: the lanes count it in a
//! metric, the direct path writes it to the log.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use anyhow::anyhow;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Recorder, SharedString, Unit};
use tracing::field::{Field, Visit};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

static RETRIES: LazyLock<Arc<AtomicU64>> = LazyLock::new(Arc::default);

const METRIC: &str = "bank_lane_conflicts_total";
/// A line with this field says that a command is tried again.
const FIELD: &str = "tries";

/// From now on retries are counted.
///
/// # Errors
/// When somebody counts already.
pub(crate) fn count() -> anyhow::Result<()> {
    tracing_subscriber::registry().with(Lines).try_init()?;
    metrics::set_global_recorder(Metrics).map_err(|_| anyhow!("the metrics have a recorder already"))
}

/// The retries since the last call.
pub(crate) fn take() -> u64 {
    RETRIES.swap(0, Ordering::Relaxed)
}

/// Hears the event store alone: everything else stays switched off, so that it costs nothing.
struct Lines;

impl<S: Subscriber> Layer<S> for Lines {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        let is_wanted = metadata.is_event()
            && *metadata.level() <= Level::DEBUG
            && metadata.target().starts_with("event_store");
        if is_wanted { Interest::always() } else { Interest::never() }
    }

    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        event.record(&mut Tries);
    }
}

struct Tries;

impl Visit for Tries {
    fn record_debug(&mut self, field: &Field, _value: &dyn std::fmt::Debug) {
        if field.name() == FIELD {
            RETRIES.fetch_add(1, Ordering::Relaxed);
        }
    }
}

struct Metrics;

impl Recorder for Metrics {
    fn describe_counter(&self, _key: KeyName, _unit: Option<Unit>, _description: SharedString) {}

    fn describe_gauge(&self, _key: KeyName, _unit: Option<Unit>, _description: SharedString) {}

    fn describe_histogram(&self, _key: KeyName, _unit: Option<Unit>, _description: SharedString) {}

    fn register_counter(&self, key: &Key, _metadata: &metrics::Metadata<'_>) -> Counter {
        if key.name() == METRIC { Counter::from_arc(Arc::clone(&RETRIES)) } else { Counter::noop() }
    }

    fn register_gauge(&self, _key: &Key, _metadata: &metrics::Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _key: &Key, _metadata: &metrics::Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}
