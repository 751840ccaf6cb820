//! How often one caller may ask.
//!
//! Every caller has a budget of their own: a customer and an operator by who they are, a stranger by address. It fills
//! up steadily and holds a burst at most (the generic cell rate algorithm). Every answer says what is left of it, after
//! draft-ietf-httpapi-ratelimit-headers-10. A caller is only counted after their token was believed: nobody spends
//! somebody else's budget.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use governor::Quota;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use identity::Caller;
use metrics::counter;
use serde::Deserialize;

use super::Problem;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// After so many requests, those who have not asked for a while are forgotten.
const FORGET_EVERY: u32 = 4096;

/// Budgets by kind of caller; a service whose defaults have no `[rate_limit]` limits nobody.
#[derive(Debug, Clone, Deserialize)]
pub struct RateSettings {
    /// Proxies in front, whose `X-Forwarded-For` is believed.
    #[serde(default)]
    pub trusted_proxies: Vec<IpAddr>,
    /// Whoever has not signed in, by address.
    pub strangers: Budget,
    /// Each customer.
    pub customers: Budget,
    /// Each operator.
    pub operators: Budget,
}

/// Requests a second that go on, and how many may come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Requests a second.
    pub per_second: NonZeroU32,
    /// Requests at once, after a pause.
    pub burst: NonZeroU32,
}

/// Keeps the budgets of one process.
#[derive(Clone)]
pub struct RateLimiter(Arc<Kinds>);

struct Kinds {
    trusted_proxies: Vec<IpAddr>,
    strangers: Cells<IpAddr>,
    customers: Cells<String>,
    operators: Cells<String>,
}

struct Cells<K: std::hash::Hash + Eq + Clone> {
    budget: Budget,
    cells: governor::RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock, StateInformationMiddleware>,
    asked: AtomicU32,
}

/// A request within its budget, and what is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Remaining {
    budget: Budget,
    requests: u32,
}

impl RateLimiter {
    /// Full budgets for everybody.
    #[must_use]
    pub fn new(settings: &RateSettings) -> Self {
        Self(Arc::new(Kinds {
            trusted_proxies: settings.trusted_proxies.clone(),
            strangers: Cells::new(settings.strangers),
            customers: Cells::new(settings.customers),
            operators: Cells::new(settings.operators),
        }))
    }

    /// Counts a request of somebody who signed in.
    ///
    /// # Errors
    /// `too-many-requests`, with the budget.
    pub(crate) fn count(&self, caller: &Caller) -> Result<Remaining, Problem> {
        let (kind, cells) = if caller.is_operator() {
            ("operator", &self.0.operators)
        } else {
            ("customer", &self.0.customers)
        };
        cells.count(kind, &caller.actor().as_str().to_owned())
    }

    /// Counts a request of somebody who did not, and came through `peer`.
    ///
    /// # Errors
    /// `too-many-requests`, with the budget.
    pub(crate) fn count_stranger(&self, peer: IpAddr, headers: &HeaderMap) -> Result<Remaining, Problem> {
        self.0.strangers.count("stranger", &network(self.client(peer, headers)))
    }

    /// Each proxy adds whom it had the request from at the end, so that only what trusted ones wrote counts: the last
    /// address that is none of theirs.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let trusted = |address: &IpAddr| self.0.trusted_proxies.contains(&address.to_canonical());
        if !trusted(&peer) {
            return peer;
        }
        let lines = headers.get_all(FORWARDED_FOR).iter().rev().filter_map(|line| line.to_str().ok());
        let hops = lines.flat_map(|line| line.rsplit(',')).map(|hop| hop.trim().parse::<IpAddr>());
        // Behind what cannot be read nothing can be believed.
        hops.map_while(Result::ok).find(|address| !trusted(address)).unwrap_or(peer)
    }
}

/// Whom an address belongs to: one host of IPv4, one site of IPv6, whose hosts choose among 2^64 addresses.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & (u128::MAX << 64)).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

impl<K: std::hash::Hash + Eq + Clone> Cells<K> {
    fn new(budget: Budget) -> Self {
        let quota = Quota::per_second(budget.per_second).allow_burst(budget.burst);
        let cells = governor::RateLimiter::keyed(quota).with_middleware::<StateInformationMiddleware>();
        Self { budget, cells, asked: AtomicU32::new(0) }
    }

    fn count(&self, kind: &'static str, caller: &K) -> Result<Remaining, Problem> {
        if self.asked.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.cells.retain_recent();
        }
        match self.cells.check_key(caller) {
            Ok(state) => Ok(Remaining { budget: self.budget, requests: state.remaining_burst_capacity() }),
            Err(refused) => {
                counter!("requests_over_budget_total", "caller" => kind).increment(1);
                let wait = refused.wait_time_from(DefaultClock::default().now());
                let problem = Problem::too_many_requests(seconds_up(wait));
                let spent = Remaining { budget: self.budget, requests: 0 };
                Err(problem.header(POLICY, spent.policy()).header(LIMIT, spent.limit()))
            }
        }
    }
}

impl Remaining {
    /// Adds what is left to an answer.
    pub(crate) fn tell(self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        headers.insert(POLICY, self.policy());
        headers.insert(LIMIT, self.limit());
        response
    }

    /// `q` requests fit in a window of `w` seconds, after which an empty budget is full.
    fn policy(self) -> HeaderValue {
        let Budget { per_second, burst } = self.budget;
        header(format!("\"caller\";q={burst};w={}", burst.get().div_ceil(per_second.get())))
    }

    /// `r` requests are left; after `t` seconds there is one more.
    fn limit(self) -> HeaderValue {
        header(format!("\"caller\";r={};t=1", self.requests))
    }
}

fn header(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// At least one: a client that comes back at once is refused again.
fn seconds_up(wait: Duration) -> u64 {
    wait.as_secs() + 1
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;

    fn budget(per_second: u32, burst: u32) -> Budget {
        Budget { per_second: NonZeroU32::new(per_second).unwrap(), burst: NonZeroU32::new(burst).unwrap() }
    }

    fn limiter() -> RateLimiter {
        // Slow to fill, so that nothing comes back while a test runs.
        let (strangers, customers, operators) = (budget(1, 2), budget(1, 3), budget(1, 4));
        let trusted_proxies = vec!["10.9.9.9".parse().unwrap(), "10.9.9.8".parse().unwrap()];
        RateLimiter::new(&RateSettings { trusted_proxies, strangers, customers, operators })
    }

    #[test]
    fn behind_a_trusted_proxy_the_client_is_whom_it_names() {
        let client = |peer: &str, lines: &[&str]| {
            let lines = lines.iter().map(|line| (FORWARDED_FOR, HeaderValue::from_str(line).unwrap()));
            limiter().client(peer.parse().unwrap(), &lines.collect()).to_string()
        };
        assert_eq!(client("10.9.9.9", &["192.0.2.1"]), "192.0.2.1");
        assert_eq!(client("10.9.9.9", &["192.0.2.66, 192.0.2.1, 10.9.9.8"]), "192.0.2.1");
        assert_eq!(client("10.9.9.9", &["192.0.2.66", "192.0.2.1"]), "192.0.2.1");
        // Whoever is not trusted may write what they like.
        assert_eq!(client("192.0.2.5", &["192.0.2.1"]), "192.0.2.5");
        assert_eq!(client("10.9.9.9", &[]), "10.9.9.9");
        assert_eq!(client("10.9.9.9", &["192.0.2.1, unknown"]), "10.9.9.9");
    }

    #[test]
    fn an_address_spends_its_own_budget_only() {
        let limiter = limiter();
        let (one, other) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        assert_eq!(limiter.count_stranger(one, &HeaderMap::new()).unwrap().requests, 1);
        assert_eq!(limiter.count_stranger(one, &HeaderMap::new()).unwrap().requests, 0);
        let refused = limiter.count_stranger(one, &HeaderMap::new()).unwrap_err();
        assert_eq!(refused.code(), "too-many-requests");
        let headers = refused.into_response().headers().clone();
        assert_eq!(headers["ratelimit"], "\"caller\";r=0;t=1");
        assert_eq!(headers["ratelimit-policy"], "\"caller\";q=2;w=2");
        assert_eq!(headers["retry-after"], "1");
        assert_eq!(limiter.count_stranger(other, &HeaderMap::new()).unwrap().requests, 1);
    }

    #[test]
    fn all_hosts_of_a_site_are_one_stranger() {
        let address = |text: &str| network(text.parse().unwrap());
        assert_eq!(address("2001:db8:1:2:3::4"), address("2001:db8:1:2:ffff::1"));
        assert_ne!(address("2001:db8:1:2::1"), address("2001:db8:1:3::1"));
        assert_eq!(address("::ffff:10.0.0.1"), address("10.0.0.1"));
    }
}
