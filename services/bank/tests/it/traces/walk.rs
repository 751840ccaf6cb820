//! A walk along a transfer's trace, from each span to the one that goes on from it.

use std::collections::{BTreeMap, BTreeSet};

use test_support::{CollectedSpan, Collector};

/// The spans of the trace that one transfer is.
pub(super) struct Walk {
    spans: Vec<CollectedSpan>,
}

/// What a span must say.
type Marks<'a> = [(&'a str, &'a str)];

const GROUP: &str = "messaging.consumer.group.name";
const EVENT: &str = "bank.event.type";
const EVENTS: &str = "bank.event.types";

impl Walk {
    /// Where the trace is in which this transfer was created.
    pub(super) fn of(collector: &Collector, transfer: &str) -> Result<Self, String> {
        let spans = collector.spans();
        let created = spans.iter().find(|span| {
            span.attribute("bank.aggregate.id") == transfer
                && span.attribute(EVENTS).contains("MoneyTransferCreated")
        });
        let trace = created.ok_or("no span of the transfer's creation")?.trace.clone();
        let walk = Self { spans: spans.into_iter().filter(|span| span.trace == trace).collect() };
        walk.check_parents()?;
        Ok(walk)
    }

    /// Every span but one goes on from another one of this trace.
    fn check_parents(&self) -> Result<(), String> {
        let ids: BTreeSet<&str> = self.spans.iter().map(|span| span.id.as_str()).collect();
        assert_eq!(ids.len(), self.spans.len(), "a span came twice");
        let orphans = self
            .spans
            .iter()
            .filter(|span| span.parent.as_deref().is_some_and(|parent| !ids.contains(parent)));
        let orphans: Vec<_> = orphans.collect();
        let roots = self.spans.iter().filter(|span| span.parent.is_none()).count();
        if orphans.is_empty() && roots == 1 { Ok(()) } else { Err(format!("{roots} roots; {orphans:#?}")) }
    }

    /// As the bank in one process makes it.
    pub(super) fn through_one_process(&self) -> Result<(), String> {
        let answer = self.root("bank")?;
        self.through_the_saga(answer, &|_| "bank", "embedded", "sqlite", "sqlite")
    }

    /// As the distributed bank makes it.
    pub(super) fn through_six_processes(&self) -> Result<(), String> {
        let gateway = self.root("api-gateway")?;
        let asked = self.next(gateway, "api-gateway", "POST transfers", &[("peer.service", "transfers")])?;
        let answer =
            self.next(asked, "transfers", "POST /v1/transfers", &[("http.response.status_code", "201")])?;
        self.through_the_saga(answer, &|service| service, "kafka", "postgresql", "mongodb")
    }

    /// From the request that asked for the transfer to the views of its end; `of` gives the process of a service.
    fn through_the_saga<'a>(
        &'a self,
        answer: &'a CollectedSpan,
        of: &dyn Fn(&'static str) -> &'static str,
        bus: &str,
        store: &str,
        views: &str,
    ) -> Result<(), String> {
        // Who records what, and who reads that and goes on from there.
        let saga = [
            ("transfers", "transfer", "MoneyTransferCreated", "accounts"),
            ("accounts", "account", "AccountDebited", "transfers"),
            ("transfers", "transfer", "DebitRecorded", "accounts"),
            ("accounts", "account", "AccountCredited", "transfers"),
            ("transfers", "transfer", "CreditRecorded", ""),
        ];
        let mut from = answer;
        for (writer, stream, event, reader) in saga {
            let write = [(EVENTS, event), ("db.system.name", store)];
            let commit = self.next(from, of(writer), &format!("append {stream}"), &write)?;
            let sent = [(EVENT, event), ("messaging.system", bus)];
            self.next(commit, of(writer), &format!("send bank.{stream}"), &sent)?;
            let process = format!("process bank.{stream}");
            let read = self.next(
                commit,
                of("account-history"),
                &process,
                &[(GROUP, "account-history"), (EVENT, event)],
            )?;
            self.next(read, of("account-history"), "write views", &[("db.system.name", views)])?;
            self.next(commit, of("webhooks"), &process, &[(GROUP, "webhooks"), (EVENT, event)])?;
            if !reader.is_empty() {
                from = self.next(commit, of(reader), &process, &[(GROUP, reader), (EVENT, event)])?;
            }
        }
        Ok(())
    }

    fn root(&self, service: &str) -> Result<&CollectedSpan, String> {
        let root = self.spans.iter().find(|span| span.parent.is_none()).ok_or("no root")?;
        assert_eq!((root.service.as_str(), root.name.as_str()), (service, "POST /v1/transfers"));
        assert_eq!(root.attribute("http.route"), "/v1/transfers");
        assert_eq!(root.attribute("http.request.method"), "POST");
        Ok(root)
    }

    /// The span that goes on from this one and says this.
    fn next(
        &self,
        from: &CollectedSpan,
        service: &str,
        name: &str,
        marks: &Marks<'_>,
    ) -> Result<&CollectedSpan, String> {
        let children = self.spans.iter().filter(|span| span.parent.as_deref() == Some(&from.id));
        let said = |span: &&CollectedSpan| {
            span.service == service
                && span.name == name
                && marks.iter().all(|(mark, text)| span.attribute(mark) == *text)
        };
        let missing = || {
            let names: BTreeMap<_, _> =
                self.spans.iter().map(|span| (&span.id, (&span.parent, &span.service, &span.name))).collect();
            format!("nothing goes on from {} as {service}: {name} {marks:?} in {names:#?}", from.name)
        };
        children.clone().find(said).ok_or_else(missing)
    }
}
