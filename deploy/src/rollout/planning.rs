//! From what runs and what should run to steps: pure, so that every state in which a run can have been interrupted is a
//! case of a test.
//!
//! Invariant: whoever is routed to runs until somebody else, who was ready, is routed to; and where the proxy is gone, or
//! routes to who does not run, whoever was good and runs does so until then.

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
    /// Whether it ended by itself, and the engine is about to start it again.
    pub(crate) restarting: bool,
    /// Whether it says that it is ready; looked at only in the one that is routed to.
    pub(crate) ready: bool,
    /// Whether it was ready once: from then on the engine keeps it running.
    pub(crate) proven: bool,
    pub(crate) started_at: Option<DateTime<Utc>>,
    /// The run that made it; that of a later one is greater.
    pub(crate) run: String,
    /// The proxy that it was told to believe, if it is of the edge.
    pub(crate) believes: Option<IpAddr>,
}

impl Instance {
    /// Whether it works, or will again by itself.
    fn is_alive(&self) -> bool {
        self.running || self.restarting
    }
}

/// The proxy of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Proxy {
    pub(crate) running: bool,
    /// The digest of how it was set up.
    pub(crate) spec: String,
    /// The container that it routes to, or will when it runs.
    pub(crate) route: Option<String>,
    /// The one that stands in its file, which it will route to when it is started the next time.
    pub(crate) written: Option<String>,
    pub(crate) address: Option<IpAddr>,
    /// The network that it is in.
    pub(crate) network: Option<String>,
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
    /// Write down, and have the proxy do, that it routes to a container that serves or served until now.
    Settle(String),
    /// Create a container of the wanted image and start it.
    Create(String),
    /// Start the last good one.
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
            Self::Settle(name) => write!(f, "route to {name}, which runs"),
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
    /// The container that serves: the one that is routed to. Where that does not run, or nobody is routed to because the
    /// proxy is gone, it is one that was good and runs, the oldest, which served for certain.
    pub(crate) fn current(&self) -> Option<&Instance> {
        let routed = self.routed();
        if routed.is_some_and(|routed| routed.running) {
            return routed;
        }
        let good = self.instances.iter().filter(|instance| instance.running && instance.proven);
        good.min_by_key(|instance| instance.number).or(routed)
    }

    fn routed(&self) -> Option<&Instance> {
        let route = self.proxy.as_ref()?.route.as_ref()?;
        self.instances.iter().find(|instance| instance.name == *route)
    }

    fn others(&self) -> impl Iterator<Item = &Instance> {
        let current = self.current().map(|current| current.name.as_str());
        self.instances.iter().filter(move |other| Some(other.name.as_str()) != current)
    }

    /// The last good one, which a rollback returns to. One that a rollback has left is none: it has the greater number.
    pub(crate) fn last_good(&self) -> Option<&Instance> {
        let serving = self.current().map_or(u32::MAX, |current| current.number);
        self.kept().filter(|kept| kept.number < serving)
    }

    /// The one that stays beside the one that serves.
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
        self.others().any(|other| other.is_alive() && other.number > serving)
    }

    /// Steps after which the one that serves and the one that is kept are all that there is.
    fn tidy(&self) -> Vec<Step> {
        let kept = self.kept().map(|kept| kept.name.clone());
        self.dispose(|other| Some(&other.name) != kept.as_ref())
    }

    fn dispose(&self, goes: impl Fn(&Instance) -> bool) -> Vec<Step> {
        let drained =
            self.others().filter(|other| other.is_alive()).map(|other| Step::Drain(other.name.clone()));
        let removed = self.others().filter(|other| goes(other)).map(|other| Step::Remove(other.name.clone()));
        drained.chain(removed).collect()
    }
}

/// The steps to what should run. There are none when it does.
pub(crate) fn plan(wish: &Wish, observed: &Observed) -> Vec<Step> {
    let mut steps = proxy_steps(wish, observed.proxy.as_ref());
    steps.extend(settled(observed));
    let is_wanted = |instance: &Instance| instance.image_id == wish.image_id && instance.spec == wish.spec;
    let current = observed.current();
    if current.is_some_and(|current| is_wanted(current) && current.running && current.ready) {
        steps.extend(observed.tidy());
        return steps;
    }
    // One that was created and never started may lack its files, and one that ended by itself will again. The last good one
    // is left alone: numbers rise from deployment to deployment, and only a rollback goes back.
    let usable = |other: &&Instance| is_wanted(other) && other.running;
    let candidate = observed.others().filter(usable).max_by_key(|other| other.number);
    let is_candidate = |other: &Instance| candidate.is_some_and(|candidate| candidate.name == other.name);
    let kept = observed.kept().map(|kept| kept.name.as_str());
    for other in observed.others().filter(|other| !is_candidate(other)) {
        if other.is_alive() {
            steps.push(Step::Drain(other.name.clone()));
        }
        // Before the switch, so that it is not taken for a last good one if that comes to nothing.
        if kept != Some(other.name.as_str()) {
            steps.push(Step::Remove(other.name.clone()));
        }
    }
    let to = match candidate {
        Some(candidate) => candidate.name.clone(),
        None => {
            let name = format!("{}-{}", wish.prefix, observed.next_number());
            steps.push(Step::Create(name.clone()));
            name
        }
    };
    steps.extend(switch(current, to));
    // The one that served until now is the one that is kept.
    let gone = observed.kept().filter(|kept| !is_candidate(kept) && current.is_some());
    steps.extend(gone.map(|kept| Step::Remove(kept.name.clone())));
    steps
}

/// The steps back to the last good one; `None` when there is none.
pub(crate) fn plan_rollback(observed: &Observed) -> Option<Vec<Step>> {
    let mut steps = match &observed.proxy {
        None => vec![Step::MakeProxy],
        Some(proxy) if !proxy.running => vec![Step::StartProxy],
        Some(_) => Vec::new(),
    };
    steps.extend(settled(observed));
    if observed.current().is_some() && observed.is_half_done() {
        steps.extend(observed.tidy());
        return Some(steps);
    }
    let kept = observed.last_good()?;
    if !kept.running {
        steps.push(Step::Start(kept.name.clone()));
    }
    steps.extend(switch(observed.current(), kept.name.clone()));
    let gone: Vec<_> = observed.others().filter(|other| other.name != kept.name).collect();
    let drained = gone.iter().filter(|other| other.is_alive()).map(|other| Step::Drain(other.name.clone()));
    steps.extend(drained);
    steps.extend(gone.iter().map(|other| Step::Remove(other.name.clone())));
    Some(steps)
}

/// A proxy that runs is to route to the one that serves, and to do so as well when it is started again: a run that was
/// killed may have written down somebody else.
fn settled(observed: &Observed) -> Option<Step> {
    let (proxy, current) = (observed.proxy.as_ref()?, observed.current()?);
    let is_current = |name: &Option<String>| name.as_ref() == Some(&current.name);
    let is_settled = is_current(&proxy.route) && is_current(&proxy.written);
    (proxy.running && current.running && !is_settled).then(|| Step::Settle(current.name.clone()))
}

fn switch(current: Option<&Instance>, to: String) -> Vec<Step> {
    let from = current.map(|current| current.name.clone());
    let drained =
        current.filter(|current| current.is_alive()).map(|current| Step::Drain(current.name.clone()));
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
