//! Lets workers work for a while and takes their times.
//!
//! Only what ends within the window is measured, but everything that was acknowledged is counted: it must be in the
//! store afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use clap::Args;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::report::statistics::percentile;

/// How long a cell (one contender under one load) is measured, and how often.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Timing {
    /// Seconds that a cell is measured
    #[arg(long, default_value_t = 4.0, value_parser = seconds)]
    pub seconds: f64,
    /// Seconds that it works before, unmeasured
    #[arg(long, default_value_t = 1.0, value_parser = seconds)]
    pub warm_up: f64,
    /// The most commands that are measured in a cell, whatever time is left
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub commands: u64,
    /// Rounds over all cells; the figures are medians over them
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=3600.0).contains(&seconds) => Ok(seconds),
        _ => Err("a number of seconds from 0 to 3600".to_owned()),
    }
}

/// What one worker did in one go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// Commands that were acknowledged, each with one event.
    pub commands: u64,
    /// Tries that were in vain because another writer was faster.
    pub retries: u64,
}

/// Somebody who sends commands, one step after the other.
#[async_trait]
pub(crate) trait Worker: Send + 'static {
    async fn step(&mut self) -> anyhow::Result<Step>;
}

/// What a cell came to in one round.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// Commands that ended within the window.
    pub commands: u64,
    /// How long the window was.
    pub seconds: f64,
    /// Commands a second.
    pub per_second: f64,
    /// Latency of a step in milliseconds: half of them were faster.
    pub p50_ms: f64,
    /// See `p50_ms`.
    pub p95_ms: f64,
    /// See `p50_ms`.
    pub p99_ms: f64,
    /// Tries that were in vain, within the window.
    pub retries: u64,
    /// All commands that were acknowledged, also before and after the window.
    pub acknowledged: u64,
}

/// Lets `workers` work at once and measures them.
///
/// # Errors
/// The first error of any worker.
pub(crate) async fn drive(workers: Vec<Box<dyn Worker>>, timing: Timing) -> anyhow::Result<Measured> {
    let window = Arc::new(Window::opening_now(timing));
    let mut working: JoinSet<_> =
        workers.into_iter().map(|worker| work(worker, Arc::clone(&window))).collect();
    let mut total = Tally::default();
    while let Some(tally) = working.join_next().await {
        total.add(tally??);
    }
    total.latencies.sort_unstable();
    let seconds = window.measured_until(total.last).as_secs_f64();
    let latency_ms = |percent| f64::from(percentile(&total.latencies, percent)) / 1000.0;
    Ok(Measured {
        commands: total.commands,
        seconds,
        per_second: if seconds > 0.0 { total.commands as f64 / seconds } else { 0.0 },
        p50_ms: latency_ms(50),
        p95_ms: latency_ms(95),
        p99_ms: latency_ms(99),
        retries: total.retries,
        acknowledged: total.acknowledged,
    })
}

async fn work(mut worker: Box<dyn Worker>, window: Arc<Window>) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    let mut started = Instant::now();
    while window.is_open(started) {
        let step = worker.step().await?;
        let ended = Instant::now();
        tally.acknowledged += step.commands;
        if window.takes(ended, step.commands) {
            tally.commands += step.commands;
            tally.retries += step.retries;
            tally.latencies.push(micros(ended - started));
            tally.last = Some(ended);
        }
        started = ended;
    }
    Ok(tally)
}

/// In whole microseconds, and the most that fits for what is longer than an hour.
pub(crate) fn micros(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}

/// The time in which steps are measured.
struct Window {
    from: Instant,
    to: Instant,
    commands_left: AtomicU64,
}

impl Window {
    fn opening_now(timing: Timing) -> Self {
        let from = Instant::now() + Duration::from_secs_f64(timing.warm_up);
        let to = from + Duration::from_secs_f64(timing.seconds);
        Self { from, to, commands_left: AtomicU64::new(timing.commands) }
    }

    fn is_open(&self, now: Instant) -> bool {
        now < self.to && self.commands_left.load(Ordering::Relaxed) > 0
    }

    /// Whether a step that ended at `ended` is measured.
    fn takes(&self, ended: Instant, commands: u64) -> bool {
        let take = |left: u64| (left > 0).then(|| left.saturating_sub(commands));
        (self.from..=self.to).contains(&ended)
            && self.commands_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }

    /// Its length: shorter than planned when all commands were taken before its end.
    fn measured_until(&self, last: Option<Instant>) -> Duration {
        match last {
            Some(last) if self.commands_left.load(Ordering::Relaxed) == 0 => last - self.from,
            _ => self.to - self.from,
        }
    }
}

/// What workers counted.
#[derive(Default)]
struct Tally {
    commands: u64,
    retries: u64,
    acknowledged: u64,
    /// Of each measured step, in microseconds.
    latencies: Vec<u32>,
    last: Option<Instant>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.commands += other.commands;
        self.retries += other.retries;
        self.acknowledged += other.acknowledged;
        self.latencies.extend(other.latencies);
        self.last = self.last.max(other.last);
    }
}
