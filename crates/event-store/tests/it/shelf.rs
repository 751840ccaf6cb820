//! The aggregate of these tests: a shelf in a shop.

use std::sync::{Arc, Condvar, Mutex};

use chrono::{DateTime, Utc};
use domain::event::{EncodedEvent, EventType, Payload, Upcaster, encode};
use domain::{Aggregate, DomainEvent};
use event_store::{
    CommandContext, CommandRecord, Commands, Commit, DeadlineChange, EventStore, LaneSettings, Metadata,
    NewEvent, Repository, StreamId, Version,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use thiserror::Error;
use uuid::Uuid;

use crate::clock::{SteppingClock, time};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shelf {
    pub(crate) items: u64,
    pub(crate) changes: u64,
    pub(crate) label: String,
    pub(crate) count_by: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Order {
    Put(u64),
    /// As many `ItemsPut` as given, in one commit.
    PutEach(Vec<u64>),
    Take(u64),
    /// Changes nothing on a shelf that has this label.
    Label(&'static str),
    PlanCount(DateTime<Utc>),
    Count,
    /// Panics.
    PullDown,
    /// Changes nothing, and is not decided before the gate is opened.
    Wait(Gate),
}

/// Holds up the thread that passes it until it is opened: a command that passes it holds up its lane.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<GateState>, Condvar)>);

#[derive(Debug, Default)]
struct GateState {
    somebody_waits: bool,
    open: bool,
}

impl Gate {
    pub(crate) fn open(&self) {
        let (state, changed) = &*self.0;
        state.lock().unwrap().open = true;
        changed.notify_all();
    }

    pub(crate) fn somebody_waits(&self) -> bool {
        self.0.0.lock().unwrap().somebody_waits
    }

    fn pass(&self) {
        let (state, changed) = &*self.0;
        // The other tasks of this thread go on elsewhere meanwhile.
        tokio::task::block_in_place(|| {
            let mut state = state.lock().unwrap();
            state.somebody_waits = true;
            drop(changed.wait_while(state, |state| !state.open).unwrap());
        });
    }
}

impl PartialEq for Gate {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub(crate) enum ShelfEvent {
    ItemsPut {
        items: u64,
        #[serde(default)]
        by: Option<String>,
    },
    ItemsTaken {
        items: u64,
    },
    Labelled {
        label: String,
    },
    CountPlanned {
        by: DateTime<Utc>,
    },
    Counted {},
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Error)]
pub(crate) enum Refusal {
    #[error("only {items} items are there")]
    TooFew { items: u64 },
}

impl DomainEvent for ShelfEvent {
    const TYPES: &'static [EventType] = &[
        EventType { name: "ItemsPut", schema_version: 2 },
        EventType { name: "ItemsTaken", schema_version: 1 },
        EventType { name: "Labelled", schema_version: 1 },
        EventType { name: "CountPlanned", schema_version: 1 },
        EventType { name: "Counted", schema_version: 1 },
    ];

    /// Version 1 called the items `amount`.
    const UPCASTERS: &'static [Upcaster] = &[Upcaster {
        event_type: "ItemsPut",
        from_version: 1,
        lift: |payload| json!({ "items": payload["amount"] }),
    }];
}

impl Aggregate for Shelf {
    const TYPE: &'static str = "shelf";
    const STATE_SCHEMA_VERSION: u32 = 3;
    type Command = Order;
    type Event = ShelfEvent;
    type Refusal = Refusal;

    fn decide(&self, order: &Order) -> Result<Vec<ShelfEvent>, Refusal> {
        Ok(match order {
            Order::Put(items) => vec![put(*items)],
            Order::PutEach(each) => each.iter().copied().map(put).collect(),
            Order::Take(items) if *items > self.items => return Err(Refusal::TooFew { items: self.items }),
            Order::Take(items) => vec![ShelfEvent::ItemsTaken { items: *items }],
            Order::Label(label) if *label == self.label => vec![],
            Order::Label(label) => vec![ShelfEvent::Labelled { label: (*label).to_owned() }],
            Order::PlanCount(by) => vec![ShelfEvent::CountPlanned { by: *by }],
            Order::Count => vec![ShelfEvent::Counted {}],
            Order::PullDown => panic!("the shelf fell down"),
            Order::Wait(gate) => {
                gate.pass();
                vec![]
            }
        })
    }

    fn evolve(mut self, event: &ShelfEvent) -> Self {
        self.changes += 1;
        match event {
            ShelfEvent::ItemsPut { items, .. } => self.items += items,
            ShelfEvent::ItemsTaken { items } => self.items -= items,
            ShelfEvent::Labelled { label } => self.label.clone_from(label),
            ShelfEvent::CountPlanned { by } => self.count_by = Some(*by),
            ShelfEvent::Counted {} => self.count_by = None,
        }
        self
    }

    fn deadline(&self) -> Option<DateTime<Utc>> {
        self.count_by
    }

    fn heap_bytes(&self) -> usize {
        self.label.len()
    }
}

pub(crate) fn put(items: u64) -> ShelfEvent {
    ShelfEvent::ItemsPut { items, by: None }
}

pub(crate) fn shelf_stream(id: Uuid) -> StreamId {
    StreamId::new(Shelf::TYPE, id)
}

/// Shelves on `store` under a stepping clock, with a snapshot every three events.
pub(crate) fn shelves(store: &Arc<dyn EventStore>) -> Repository<Shelf> {
    shelves_with_snapshots(store, 3)
}

pub(crate) fn shelves_with_snapshots(store: &Arc<dyn EventStore>, every: u32) -> Repository<Shelf> {
    Repository::new(Arc::clone(store), Arc::new(SteppingClock::default()), every)
}

/// As the services carry out commands.
pub(crate) fn orders(store: &Arc<dyn EventStore>) -> Commands<Shelf> {
    Commands::lanes(shelves(store), &LaneSettings::default())
}

/// A command under an id of its own.
pub(crate) fn once() -> CommandContext {
    CommandContext::new(Uuid::now_v7())
}

/// A commit of `events` to a shelf that has `expected` events.
pub(crate) fn commit(id: Uuid, expected: i64, events: &[ShelfEvent]) -> Commit {
    commit_encoded(id, expected, events.iter().map(|event| encode(event).unwrap()).collect())
}

/// An event's fields.
pub(crate) fn fields(value: &Value) -> Payload {
    Payload::try_from(value).unwrap()
}

/// A commit of one event as other code would have written it.
pub(crate) fn commit_raw(
    id: Uuid,
    expected: i64,
    event_type: &str,
    schema_version: u32,
    payload: Value,
) -> Commit {
    commit_encoded(
        id,
        expected,
        vec![EncodedEvent { event_type: event_type.to_owned(), schema_version, payload: fields(&payload) }],
    )
}

fn commit_encoded(id: Uuid, expected: i64, bodies: Vec<EncodedEvent>) -> Commit {
    let event_count = u32::try_from(bodies.len()).unwrap();
    Commit {
        command: CommandRecord {
            command_id: Uuid::now_v7(),
            stream: shelf_stream(id),
            version: Version(expected + i64::from(event_count)),
            event_count,
            request_hash: None,
            refusal: None,
            recorded_at: time(0),
        },
        events: bodies.into_iter().map(|body| NewEvent { event_id: Uuid::now_v7(), body }).collect(),
        metadata: Metadata::default(),
        deadline: DeadlineChange::Keep,
    }
}
