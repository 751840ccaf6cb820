//! From what runs and what should run to steps: pure, so that every state in which a run can have been interrupted is a
//! case of a test.
//!
//! Invariant: whoever is routed to runs until somebody else, who was ready, is routed to.

use std::fmt;
use std::net::IpAddr;

use chrono::{DateTime, Utc};

/// A container of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Instance {
    pub(crate) name: String,
    /// The end of its name; the next one has the next number.
    pub(crate) number: u32,
    pub(crate) image_id: String,
    pub(crate) version: String,
    /// The name under which the image was pulled.
    pub(crate) image: String,
    /// The digest of how it was set up.
    pub(crate) spec: String,
    pub(crate) running: bool,
    /// Whether it says that it is ready; looked at only in the one that is routed to.
    pub(crate) ready: bool,
    /// Whether it was ready once: from then on the engine keeps it running.
    pub(crate) proven: bool,
    pub(crate) started_at: Option<DateTime<Utc>>,
}

/// The proxy of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Proxy {
    pub(crate) running: bool,
    /// The digest of how it was set up.
    pub(crate) spec: String,
    /// The container that it routes to, or will when it runs.
    pub(crate) route: Option<String>,
    pub(crate) address: Option<IpAddr>,
}

/// What the engine has of one service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Observed {
    pub(crate) proxy: Option<Proxy>,
    pub(crate) instances: Vec<Instance>,
}

/// What should run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    /// Begins the names of its containers.
    pub(crate) prefix: String,
    pub(crate) image_id: String,
    pub(crate) spec: String,
    pub(crate) proxy_spec: String,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Create the proxy and start it.
    MakeProxy,
    /// Start the proxy that is there.
    StartProxy,
    /// Put a proxy that is set up as it should be in the place of this one.
    ReplaceProxy,
    /// Create a container of the wanted image and start it.
    Create(String),
    /// Start a container that is there.
    Start(String),
    /// Wait until it is ready, route to it, and watch it.
    Switch {
        /// Who is routed to until then.
        from: Option<String>,
        to: String,
    },
    /// Let a container end what it has in hand, and stop it.
    Drain(String),
    Remove(String),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MakeProxy => f.write_str("create the proxy"),
            Self::StartProxy => f.write_str("start the proxy"),
            Self::ReplaceProxy => f.write_str("replace the proxy, which cuts its connections"),
            Self::Create(name) => write!(f, "create {name}"),
            Self::Start(name) => write!(f, "start {name}"),
            Self::Switch { from: Some(from), to } => write!(f, "switch from {from} to {to}"),
            Self::Switch { from: None, to } => write!(f, "switch to {to}"),
            Self::Drain(name) => write!(f, "drain {name}"),
            Self::Remove(name) => write!(f, "remove {name}"),
        }
    }
}

impl Observed {
    /// The container that serves.
    pub(crate) fn current(&self) -> Option<&Instance> {
        let route = self.proxy.as_ref()?.route.as_ref()?;
        self.instances.iter().find(|instance| instance.name == *route)
    }

    fn others(&self) -> impl Iterator<Item = &Instance> {
        let current = self.current().map(|current| current.name.as_str());
        self.instances.iter().filter(move |other| Some(other.name.as_str()) != current)
    }

    /// The last good one, which a rollback returns to.
    ///
    /// An older one that still runs was switched away from just now. A newer one that runs was switched to never, or
    /// switched away from by a rollback, before which there was only one to keep.
    pub(crate) fn kept(&self) -> Option<&Instance> {
        let serving = self.current().map_or(0, |current| current.number);
        let rank = |other: &Instance| match (other.running, other.number < serving) {
            (true, true) => 2,
            (false, _) => 1,
            (true, false) => 0,
        };
        self.others().filter(|other| other.proven).max_by_key(|other| (rank(other), other.number))
    }

    fn next_number(&self) -> u32 {
        self.instances.iter().map(|instance| instance.number).max().unwrap_or(0) + 1
    }

    /// A newer one runs that nobody is routed to: a run was interrupted before its switch, or a rollback after its own.
    fn is_half_done(&self) -> bool {
        let serving = self.current().map_or(0, |current| current.number);
        self.others().any(|other| other.running && other.number > serving)
    }

    /// Steps after which the one that serves and the one that is kept are all that there is.
    fn tidy(&self) -> Vec<Step> {
        let kept = self.kept().map(|kept| kept.name.clone());
        self.dispose(|other| Some(&other.name) != kept.as_ref())
    }

    fn dispose(&self, goes: impl Fn(&Instance) -> bool) -> Vec<Step> {
        let drained =
            self.others().filter(|other| other.running).map(|other| Step::Drain(other.name.clone()));
        let removed = self.others().filter(|other| goes(other)).map(|other| Step::Remove(other.name.clone()));
        drained.chain(removed).collect()
    }
}

/// The steps to what should run. There are none when it does.
pub(crate) fn plan(wish: &Wish, observed: &Observed) -> Vec<Step> {
    let mut steps = proxy_steps(wish, observed.proxy.as_ref());
    let is_wanted = |instance: &Instance| instance.image_id == wish.image_id && instance.spec == wish.spec;
    let current = observed.current();
    if current.is_some_and(|current| is_wanted(current) && current.running && current.ready) {
        steps.extend(observed.tidy());
        return steps;
    }
    // One that was created and never started may lack its files, and one that ended by itself will again.
    let usable = |other: &&Instance| is_wanted(other) && (other.running || other.proven);
    let candidate = observed.others().filter(usable).max_by_key(|other| (other.running, other.number));
    let is_candidate = |other: &Instance| candidate.is_some_and(|candidate| candidate.name == other.name);
    for other in observed.others().filter(|other| !is_candidate(other)) {
        if other.running {
            steps.push(Step::Drain(other.name.clone()));
        }
        if !other.proven {
            steps.push(Step::Remove(other.name.clone()));
        }
    }
    let to = match candidate {
        Some(candidate) => {
            if !candidate.running {
                steps.push(Step::Start(candidate.name.clone()));
            }
            candidate.name.clone()
        }
        None => {
            let name = format!("{}-{}", wish.prefix, observed.next_number());
            steps.push(Step::Create(name.clone()));
            name
        }
    };
    steps.extend(switch(current, to));
    // The one that served until now is the one that is kept.
    let gone = observed.others().filter(|other| !is_candidate(other) && other.proven && current.is_some());
    steps.extend(gone.map(|other| Step::Remove(other.name.clone())));
    steps
}

/// The steps back to the last good one; `None` when there is none.
pub(crate) fn plan_rollback(observed: &Observed) -> Option<Vec<Step>> {
    if observed.current().is_some() && observed.is_half_done() {
        return Some(observed.tidy());
    }
    let kept = observed.kept()?;
    let mut steps = Vec::new();
    if !observed.proxy.as_ref()?.running {
        steps.push(Step::StartProxy);
    }
    if !kept.running {
        steps.push(Step::Start(kept.name.clone()));
    }
    steps.extend(switch(observed.current(), kept.name.clone()));
    let gone = observed.others().filter(|other| other.name != kept.name);
    steps.extend(gone.map(|other| Step::Remove(other.name.clone())));
    Some(steps)
}

fn switch(current: Option<&Instance>, to: String) -> Vec<Step> {
    let from = current.map(|current| current.name.clone());
    let drained = current.filter(|current| current.running).map(|current| Step::Drain(current.name.clone()));
    std::iter::once(Step::Switch { from, to }).chain(drained).collect()
}

fn proxy_steps(wish: &Wish, proxy: Option<&Proxy>) -> Vec<Step> {
    match proxy {
        None => vec![Step::MakeProxy],
        Some(proxy) if proxy.spec != wish.proxy_spec => vec![Step::ReplaceProxy],
        Some(proxy) if !proxy.running => vec![Step::StartProxy],
        Some(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
