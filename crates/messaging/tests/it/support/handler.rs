//! A handler that does what the test says and remembers what it has handled.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use event_store::RecordedEvent;
use futures::future::BoxFuture;
use messaging::{Handler, Outcome};
use uuid::Uuid;

type Script = Box<dyn Fn(RecordedEvent) -> BoxFuture<'static, Outcome> + Send + Sync>;

/// Remembers (stream, version) of everything that was done, in order.
#[derive(Clone)]
pub(crate) struct Recorder {
    script: Arc<Script>,
    done: Arc<Mutex<Vec<(Uuid, i64)>>>,
}

impl Recorder {
    /// Everything is done.
    pub(crate) fn accepting() -> Self {
        Self::new(|_| Outcome::Done)
    }

    /// `script` decides.
    pub(crate) fn new(script: impl Fn(&RecordedEvent) -> Outcome + Send + Sync + 'static) -> Self {
        Self::with(move |event| {
            let outcome = script(&event);
            Box::pin(async move { outcome })
        })
    }

    /// `script` decides and may take its time.
    pub(crate) fn with(
        script: impl Fn(RecordedEvent) -> BoxFuture<'static, Outcome> + Send + Sync + 'static,
    ) -> Self {
        Self { script: Arc::new(Box::new(script)), done: Arc::default() }
    }

    /// What was done, in order.
    pub(crate) fn done(&self) -> Vec<(Uuid, i64)> {
        self.done.lock().expect("not poisoned").clone()
    }

    /// The versions of `id` that were done, in order.
    pub(crate) fn versions(&self, id: Uuid) -> Vec<i64> {
        self.done().into_iter().filter(|(done, _)| *done == id).map(|(_, version)| version).collect()
    }

    /// Waits until each of `ids` has exactly the versions 1 to `last`, seen for the first time in this order.
    pub(crate) async fn has_all(&self, ids: &[Uuid], last: i64) {
        let expected: Vec<i64> = (1..=last).collect();
        test_support::eventually(|| async {
            let firsts = self.first_occurrences();
            let missing = |id: &&Uuid| firsts.get(id).is_none_or(|versions| versions.len() < expected.len());
            match ids.iter().find(missing) {
                Some(id) => Err((*id, firsts.get(id).cloned())),
                None => Ok(()),
            }
        })
        .await;
        let firsts = self.first_occurrences();
        for id in ids {
            assert_eq!(firsts[id], expected, "{id} in order");
        }
    }

    fn first_occurrences(&self) -> HashMap<Uuid, Vec<i64>> {
        let mut firsts: HashMap<Uuid, Vec<i64>> = HashMap::new();
        for (id, version) in self.done() {
            let versions = firsts.entry(id).or_default();
            if !versions.contains(&version) {
                versions.push(version);
            }
        }
        firsts
    }
}

#[async_trait]
impl Handler for Recorder {
    async fn handle(&self, event: &RecordedEvent) -> Outcome {
        let outcome = (self.script)(event.clone()).await;
        if outcome == Outcome::Done {
            self.done.lock().expect("not poisoned").push((event.stream.aggregate_id, event.version.0));
        }
        outcome
    }
}

/// Waits until `condition` holds; `state` is shown when it never does.
pub(crate) async fn until<T: Debug>(mut state: impl FnMut() -> T, condition: impl Fn(&T) -> bool) {
    test_support::eventually(|| {
        let state = state();
        let holds = condition(&state);
        async move { if holds { Ok(()) } else { Err(state) } }
    })
    .await;
}
