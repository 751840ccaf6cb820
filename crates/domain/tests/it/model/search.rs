//! Breadth-first search through every reachable world.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::rc::Rc;

use domain::transfer::TransferStatus;

use super::act::Action;
use super::scenario::{Sabotage, Scenario};
use super::system::System;
use super::world::World;

/// The status of the transfer, of its first reversal and of its second.
pub(super) type Ends = [Option<TransferStatus>; 3];

/// What a search found.
pub(super) struct Found {
    /// How many worlds there are.
    pub(super) states: usize,
    /// How the transfers ended in the worlds where nothing more happens of itself.
    pub(super) ends: BTreeSet<Ends>,
    /// The first broken promise; no shorter way leads to one.
    pub(super) violation: Option<Violation>,
}

/// A broken promise and what led to it.
pub(super) struct Violation {
    promise: String,
    history: Vec<Action>,
}

/// A world and how it came about.
struct Visit {
    world: Rc<World>,
    cause: Option<(usize, Action)>,
}

/// Visits every world that `scenario` can lead to, until a promise is broken.
pub(super) fn search(scenario: &Scenario, sabotage: Sabotage) -> Found {
    let mut system = System::new(scenario, sabotage);
    let start = Rc::new(system.start());
    let mut known = HashSet::from([Rc::clone(&start)]);
    let mut visits = vec![Visit { world: start, cause: None }];
    let mut ends = BTreeSet::new();
    let mut next = 0;
    let mut violation = None;
    while next < visits.len() && violation.is_none() {
        let world = Rc::clone(&visits[next].world);
        let actions = system.actions(&world);
        let checked = system.check(&world).and_then(|()| {
            let presses_on = actions.iter().any(|action| matches!(action, Action::Sweep { .. }));
            if world.is_at_rest() && !presses_on {
                ends.insert([0, 1, 2].map(|index| system.transfer(&world, index).status()));
                system.check_end(&world)?;
            }
            Ok(())
        });
        violation = checked.err().map(|promise| Violation { promise, history: history(&visits, next) });
        for action in actions {
            match system.after(&world, action).map(Rc::new) {
                Ok(after) if known.insert(Rc::clone(&after)) => {
                    visits.push(Visit { world: after, cause: Some((next, action)) });
                }
                Ok(_) => {}
                Err(promise) => {
                    let history = history(&visits, next).into_iter().chain([action]).collect();
                    violation = violation.or(Some(Violation { promise, history }));
                }
            }
        }
        next += 1;
    }
    Found { states: visits.len(), ends, violation }
}

fn history(visits: &[Visit], mut at: usize) -> Vec<Action> {
    let mut actions = vec![];
    while let Some((before, action)) = visits[at].cause {
        actions.push(action);
        at = before;
    }
    actions.reverse();
    actions
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, after", self.promise)?;
        self.history.iter().try_for_each(|action| write!(f, "\n  {action:?}"))
    }
}
