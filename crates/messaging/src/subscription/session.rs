//! One membership of the group: polls the source, feeds the workers, stores what they have done.
//!
//! Invariant: a partition is released only after its worker has ended, or after the patience for it has; the
//! last offset is stored in between. The session itself never waits for a handler.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::context::{Context, Slot};
use super::observer::{Observation, observe};
use super::worker::{Ends, Input, Report, Worker};
use crate::bus::{BusError, Source, SourceEvent};
use crate::message::{Delivery, Position};

/// Why a membership ended.
pub(super) enum End {
    Shutdown,
    Stalled,
    Lost {
        error: BusError,
        /// Whether it delivered anything.
        was_useful: bool,
    },
}

pub(super) struct Session {
    context: Arc<Context>,
    source: Box<dyn Source>,
    workers: HashMap<Slot, Hired>,
    /// Workers that finish what is under way before their partition is released.
    leaving: FuturesUnordered<BoxFuture<'static, Vec<Slot>>>,
    reports: mpsc::UnboundedReceiver<Report>,
    report_to: mpsc::UnboundedSender<Report>,
    observations: mpsc::Receiver<Observation>,
    was_useful: bool,
}

/// A worker as the session sees it.
struct Hired {
    inputs: mpsc::UnboundedSender<Input>,
    in_hand: Arc<AtomicUsize>,
    stop: CancellationToken,
    task: JoinHandle<()>,
    paused: bool,
    /// The offsets after the last message delivered and the last one stored.
    delivered: i64,
    stored: i64,
}

impl Session {
    pub(super) fn new(context: Arc<Context>, source: Box<dyn Source>) -> Self {
        let (report_to, reports) = mpsc::unbounded_channel();
        let (observed, observations) = mpsc::channel(1);
        tokio::spawn(observe(Arc::clone(&context), observed));
        context.status.send_modify(|status| status.connected = true);
        Self {
            context,
            source,
            workers: HashMap::new(),
            leaving: FuturesUnordered::new(),
            reports,
            report_to,
            observations,
            was_useful: false,
        }
    }

    /// Runs until shutdown or until the membership is lost, then lets go of everything.
    pub(super) async fn run(mut self, shutdown: &CancellationToken) -> End {
        let end = loop {
            let step = tokio::select! {
                () = shutdown.cancelled() => break End::Shutdown,
                Some(report) = self.reports.recv() => self.take_reports(report).await,
                Some(slots) = self.leaving.next(), if !self.leaving.is_empty() => self.let_go(slots).await,
                event = self.source.next() => match event {
                    Ok(event) => self.take_event(event),
                    Err(error) => Err(error),
                },
                Some(observation) = self.observations.recv() => match observation {
                    Observation::Stalled => break End::Stalled,
                    Observation::RedriveRequested(keys) => {
                        for parked in keys {
                            if let Some(worker) = self.workers.get(&(parked.topic, parked.partition)) {
                                // A worker that has ended is found out by the next delivery.
                                let _ = worker.inputs.send(Input::Redrive(vec![parked.key]));
                            }
                        }
                        Ok(())
                    }
                },
            };
            if let Err(error) = step {
                break End::Lost { error, was_useful: self.was_useful };
            }
        };
        self.close().await;
        end
    }

    fn take_event(&mut self, event: SourceEvent) -> Result<(), BusError> {
        match event {
            SourceEvent::Assigned(slots) => {
                tracing::debug!(subscription = self.context.id(), ?slots, "assigned");
                for slot in slots {
                    let worker = self.hire(slot.clone());
                    self.workers.insert(slot, worker);
                }
                self.count_workers();
                Ok(())
            }
            SourceEvent::Revoked(slots) => {
                tracing::debug!(subscription = self.context.id(), ?slots, "revoked");
                self.dismiss(slots);
                Ok(())
            }
            SourceEvent::Deliveries(deliveries) => self.distribute(deliveries),
        }
    }

    fn hire(&self, slot: Slot) -> Hired {
        let (inputs, received) = mpsc::unbounded_channel();
        let in_hand = Arc::new(AtomicUsize::new(0));
        let stop = CancellationToken::new();
        let ends = Ends {
            inputs: received,
            reports: self.report_to.clone(),
            in_hand: Arc::clone(&in_hand),
            stop: stop.clone(),
        };
        let task = tokio::spawn(Worker::new(Arc::clone(&self.context), slot, ends).run());
        Hired { inputs, in_hand, stop, task, paused: false, delivered: 0, stored: 0 }
    }

    /// Hands each partition's messages to its worker; pauses a partition of which too much is in hand.
    fn distribute(&mut self, deliveries: Vec<Delivery>) -> Result<(), BusError> {
        self.was_useful = true;
        self.context.flow.delivered.fetch_add(deliveries.len() as u64, Ordering::Relaxed);
        let mut by_slot: HashMap<Slot, Vec<Delivery>> = HashMap::new();
        for delivery in deliveries {
            let slot = (delivery.position.topic.clone(), delivery.position.partition);
            by_slot.entry(slot).or_default().push(delivery);
        }
        for (slot, deliveries) in by_slot {
            // Messages of a partition that was let go belong to somebody else by now.
            let Some(worker) = self.workers.get_mut(&slot) else {
                continue;
            };
            worker.note_delivered(&deliveries);
            let in_hand = worker.in_hand.fetch_add(deliveries.len(), Ordering::Relaxed) + deliveries.len();
            if worker.inputs.send(Input::Deliveries(deliveries)).is_err() {
                return Err(BusError::Failed(format!("the worker of {slot:?} has ended")));
            }
            if in_hand >= self.context.settings.in_hand_limit && !worker.paused {
                self.source.set_paused(&slot.0, slot.1, true)?;
                worker.paused = true;
                self.context.flow.paused.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.count_outstanding();
        Ok(())
    }

    /// Stores what all reports that wait say is done, and resumes partitions that have room again.
    async fn take_reports(&mut self, first: Report) -> Result<(), BusError> {
        let mut done: HashMap<Slot, Position> = HashMap::new();
        let mut next = Some(first);
        while let Some(Report { slot, done: position }) = next {
            self.resume(&slot)?;
            if let Some(position) = position {
                done.insert(slot, position);
            }
            next = self.reports.try_recv().ok();
        }
        if done.is_empty() {
            return Ok(());
        }
        for (slot, position) in &done {
            if let Some(worker) = self.workers.get_mut(slot) {
                worker.stored = position.offset + 1;
            }
        }
        self.count_outstanding();
        self.context.note_progress();
        let done: Vec<Position> = done.into_values().collect();
        self.source.store_offsets(&done).await
    }

    fn resume(&mut self, slot: &Slot) -> Result<(), BusError> {
        let room = self.context.settings.in_hand_limit / 2;
        let Some(worker) = self.workers.get_mut(slot) else {
            return Ok(());
        };
        if worker.paused && worker.in_hand.load(Ordering::Relaxed) <= room {
            worker.paused = false;
            self.context.flow.paused.fetch_sub(1, Ordering::Relaxed);
            self.source.set_paused(&slot.0, slot.1, false)?;
        }
        Ok(())
    }

    /// Tells the workers of `slots` to end; the partitions are let go together once all have.
    fn dismiss(&mut self, slots: Vec<Slot>) {
        let mut tasks = Vec::with_capacity(slots.len());
        for slot in &slots {
            if let Some(worker) = self.workers.remove(slot) {
                worker.stop.cancel();
                if worker.paused {
                    self.context.flow.paused.fetch_sub(1, Ordering::Relaxed);
                }
                tasks.push(worker.task);
            }
        }
        self.count_workers();
        self.count_outstanding();
        let patience = self.context.settings.drain_patience;
        self.leaving.push(Box::pin(async move {
            if tokio::time::timeout(patience, futures::future::join_all(tasks)).await.is_err() {
                tracing::warn!(?slots, "let go with a handler still at work: its messages will come again");
            }
            slots
        }));
    }

    /// Stores the last offsets of partitions whose workers have ended, and releases them.
    async fn let_go(&mut self, slots: Vec<Slot>) -> Result<(), BusError> {
        let stored = match self.reports.try_recv() {
            Ok(report) => self.take_reports(report).await,
            Err(_) => Ok(()),
        };
        self.source.release(&slots).await;
        stored
    }

    async fn close(mut self) {
        let slots: Vec<Slot> = self.workers.keys().cloned().collect();
        self.dismiss(slots);
        while let Some(slots) = self.leaving.next().await {
            if let Err(error) = self.let_go(slots).await {
                tracing::warn!(subscription = self.context.id(), %error, "cannot store the last offsets");
            }
        }
        self.source.close().await;
        self.context.status.send_modify(|status| status.connected = false);
    }

    fn count_workers(&self) {
        self.context.status.send_modify(|status| status.partitions = self.workers.len());
    }

    fn count_outstanding(&self) {
        let outstanding = self.workers.values().map(|worker| worker.delivered - worker.stored).sum::<i64>();
        self.context.flow.outstanding.store(u64::try_from(outstanding).unwrap_or(0), Ordering::Relaxed);
    }
}

impl Hired {
    fn note_delivered(&mut self, deliveries: &[Delivery]) {
        if let (Some(first), Some(last)) = (deliveries.first(), deliveries.last()) {
            if self.delivered == 0 {
                self.stored = first.position.offset;
            }
            self.delivered = last.position.offset + 1;
        }
    }
}
