//! All stages at once, and one after the other.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use super::Args;
use super::gauge::{Gauge, Lag};
use super::site::{Place, Site, topics};
use super::stages::{Projecting, Relaying};
use crate::contender::workers_for;
use crate::driver::{Timing, drive};
use crate::plan::Load;
use crate::progress::Progress;

/// How long a stage may take for all events before something must be wrong.
const PATIENCE: Duration = Duration::from_secs(600);
/// Between two looks at the outbox after the last event was published: its row goes right after.
const LOOK: Duration = Duration::from_millis(1);

/// What the stages came to while all worked.
pub(super) struct Together {
    pub(super) append: f64,
    pub(super) relay: Followed,
    pub(super) projector: Followed,
}

/// How well a stage followed the appending.
pub(super) struct Followed {
    pub(super) per_second: f64,
    pub(super) lag: Lag,
}

/// What each stage came to by itself, in events a second.
pub(super) struct Alone {
    pub(super) append: f64,
    pub(super) relay: f64,
    pub(super) projector: f64,
    pub(super) projector_mongo: Option<f64>,
}

/// Events that were appended, and how fast.
struct Appended {
    events: u64,
    per_second: f64,
}

/// Appends while the relay and the projector work.
pub(super) async fn together(
    place: &Place<'_>,
    args: &Args,
    progress: &Progress,
) -> anyhow::Result<Together> {
    progress.begin("everything at once");
    let site = place.site("together").await?;
    let projecting = Projecting::start_in_file(&site).await?;
    let relaying = Relaying::start(&site);
    projecting.joined().await?;
    let begun = Instant::now();
    let appended = append(&site, args).await?;
    let relay = followed(&relaying.gauge, appended.events, begun).await?;
    let projector = followed(&projecting.gauge, appended.events, begun).await?;
    relaying.stop().await?;
    projecting.require(appended.events).await?;
    projecting.stop().await;
    site.close().await;
    progress.end(&format!(
        "everything at once: {:.0} events/s, lag of the views p99 {:.0} ms",
        appended.per_second, projector.lag.p99_ms
    ));
    Ok(Together { append: appended.per_second, relay, projector })
}

/// Appends, then publishes, then folds.
pub(super) async fn alone(
    place: &Place<'_>,
    mongo: Option<&str>,
    args: &Args,
    progress: &Progress,
) -> anyhow::Result<Alone> {
    let site = place.site("alone").await?;
    progress.begin("append");
    let appended = append(&site, args).await?;
    progress.end(&format!("append: {:.0} events/s", appended.per_second));

    progress.begin("relay");
    let relay = drain_outbox(&site, appended.events).await?;
    progress.end(&format!("relay: {relay:.0} events/s"));

    progress.begin("projector");
    let projecting = Projecting::start_in_file(&site).await?;
    let projector = drain_topics(&projecting.gauge, appended.events, PATIENCE).await?;
    ensure!(projecting.gauge.passed() >= appended.events, "the projector does not come to an end");
    projecting.require(appended.events).await?;
    projecting.stop().await;
    progress.end(&format!("projector: {projector:.0} events/s"));

    let mut projector_mongo = None;
    if let Some(url) = mongo {
        progress.begin("projector, MongoDB");
        let projecting = Projecting::start(&site, url, "projector-mongo").await?;
        let time = Duration::from_secs(args.mongo_seconds);
        let rate = drain_topics(&projecting.gauge, appended.events, time).await?;
        projecting.stop().await;
        progress.end(&format!("projector, MongoDB: {rate:.0} events/s"));
        projector_mongo = Some(rate);
    }
    site.close().await;
    Ok(Alone { append: appended.per_second, relay, projector, projector_mongo })
}

async fn append(site: &Site, args: &Args) -> anyhow::Result<Appended> {
    let timing = Timing { seconds: PATIENCE.as_secs_f64(), warm_up: 0.0, commands: args.events, rounds: 1 };
    let workers = workers_for(&site.accounts, Load::InFlight(args.in_flight.into())).await?;
    let measured = drive(workers, timing).await?;
    ensure!(measured.acknowledged >= args.events, "the store does not take so many --events in time");
    // Those that were under way when the last one was measured count as well: each is one event.
    Ok(Appended { events: measured.acknowledged, per_second: measured.per_second })
}

async fn followed(gauge: &Gauge, events: u64, begun: Instant) -> anyhow::Result<Followed> {
    let reached = tokio::time::timeout(PATIENCE, gauge.reaches(events)).await;
    reached.context("the events do not come through")?;
    Ok(Followed { per_second: per_second(events, begun.elapsed()), lag: gauge.lag() })
}

/// Starts a relay and gives its rate until the outbox is empty.
async fn drain_outbox(site: &Site, events: u64) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let relaying = Relaying::start(site);
    let reached = tokio::time::timeout(PATIENCE, relaying.gauge.reaches(events)).await;
    reached.context("the relay does not come to an end")?;
    while !site.store.pending(&[], 1).await?.is_empty() {
        ensure!(begun.elapsed() < PATIENCE, "the relay does not empty the outbox");
        tokio::time::sleep(LOOK).await;
    }
    let rate = per_second(events, begun.elapsed());
    relaying.stop().await?;
    let topics = topics();
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    // Of a group that has read nothing.
    let published = site.bus.lag("counting", &topics).await?;
    ensure!(
        published == events,
        "of {events} events {published} are on the bus, so the figures mean nothing"
    );
    Ok(rate)
}

/// The rate of a projector from its first batch until it has folded all `events`, or for `time`. Joining its group,
/// which it does once, is not its work.
async fn drain_topics(gauge: &Gauge, events: u64, time: Duration) -> anyhow::Result<f64> {
    // When the time is over, the rate is that of what has been done.
    let _ = tokio::time::timeout(time, gauge.reaches(events)).await;
    let begun = gauge.begun().context("the projector has received nothing")?;
    Ok(per_second(gauge.passed(), begun.elapsed()))
}

fn per_second(events: u64, time: Duration) -> f64 {
    events as f64 / time.as_secs_f64().max(f64::EPSILON)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_events_over_time() {
        assert_eq!(per_second(3000, Duration::from_millis(1500)), 2000.0);
        assert!(per_second(1, Duration::ZERO).is_finite());
    }
}
