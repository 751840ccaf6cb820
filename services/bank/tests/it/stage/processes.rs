//! Six processes on real servers, each of which can be killed and started again.

use bank::verify::Sources;
use tempfile::TempDir;
use test_support::Service;

use super::distributed::{Servers, start};
use crate::client::Bank;

/// The processes of the distributed bank, by the names of their binaries.
pub(crate) const PROCESSES: [&str; 6] =
    ["accounts", "transfers", "account-history", "customers", "webhooks", "api-gateway"];

pub(crate) struct Processes {
    /// Dropped first to last: the gateway first, the databases and the logs last.
    gateway: Option<Service>,
    history: Option<Service>,
    transfers: Option<Service>,
    accounts: Option<Service>,
    customers: Option<Service>,
    webhooks: Option<Service>,
    /// `KEY=VALUE` by process, for those that start from now on.
    settings: Vec<(&'static str, String)>,
    servers: Servers,
    logs: TempDir,
}

impl Processes {
    /// All of them on databases and topics of their own; `settings` are (process, `KEY=VALUE`) besides the defaults.
    pub(crate) async fn start(settings: &[(&'static str, &str)]) -> Self {
        let mut processes = Self {
            gateway: None,
            history: None,
            transfers: None,
            accounts: None,
            customers: None,
            webhooks: None,
            settings: Vec::new(),
            servers: Servers::prepare().await,
            logs: TempDir::new().expect("a folder"),
        };
        processes.change_settings(settings);
        processes.start_missing(&[]);
        processes
    }

    /// More settings, for the processes that start from now on.
    pub(crate) fn change_settings(&mut self, settings: &[(&'static str, &str)]) {
        self.settings.extend(settings.iter().map(|(process, setting)| (*process, (*setting).to_owned())));
    }

    /// Starts what does not run; `faults` are (process, place at which it kills itself).
    pub(crate) fn start_missing(&mut self, faults: &[(&str, &str)]) {
        // The services that others name by address come back on new ports, so whoever names them starts anew. All of
        // them check tokens with the keys that the customers service publishes.
        if self.customers.is_none() {
            self.customers = Some(self.run("customers", self.servers.customers_arguments(), faults));
            self.accounts = None;
            self.transfers = None;
            self.webhooks = None;
        }
        let keys = format!("tokens.keys={}/.well-known/jwks.json", self.address("customers"));
        if self.accounts.is_none() {
            self.accounts = Some(self.run("accounts", self.servers.accounts_arguments(&keys), faults));
            self.transfers = None;
            self.gateway = None;
            self.history = None;
        }
        if self.transfers.is_none() {
            let arguments = self.servers.transfers_arguments(&keys, self.address("accounts"));
            self.transfers = Some(self.run("transfers", arguments, faults));
            self.gateway = None;
            self.history = None;
        }
        let (accounts, transfers) =
            (self.address("accounts").to_owned(), self.address("transfers").to_owned());
        if self.history.is_none() {
            let arguments = self.servers.history_arguments(&keys, &accounts, &transfers);
            self.history = Some(self.run("account-history", arguments, faults));
            self.gateway = None;
        }
        if self.webhooks.is_none() {
            self.webhooks = Some(self.run("webhooks", self.servers.webhooks_arguments(&keys), faults));
            self.gateway = None;
        }
        if self.gateway.is_none() {
            let addresses = [
                format!("accounts_url={accounts}"),
                format!("transfers_url={transfers}"),
                format!("account_history_url={}", self.address("account-history")),
                format!("customers_url={}", self.address("customers")),
                format!("audit={}", self.servers.audit),
                format!("webhooks_url={}", self.address("webhooks")),
                keys,
                // All tests together register from one address.
                "rate_limit.strangers.per_second=10000".to_owned(),
                "rate_limit.strangers.burst=10000".to_owned(),
            ];
            self.gateway = Some(self.run("api-gateway", set(addresses), faults));
        }
    }

    fn run(&self, name: &str, mut arguments: Vec<String>, faults: &[(&str, &str)]) -> Service {
        let settings = self.settings.iter().filter(|(process, _)| *process == name);
        arguments.extend(set(settings.map(|(_, setting)| setting.clone())));
        let faults = faults.iter().filter(|(process, _)| *process == name);
        let environment: Vec<_> = faults.map(|(_, place)| ("BANK_FAULT", (*place).to_owned())).collect();
        start(self.logs.path(), name, &arguments, &environment)
    }

    /// A second transfers service beside the one that runs, on the same database and topics.
    pub(crate) fn another_transfers(&self) -> Service {
        let keys = format!("tokens.keys={}/.well-known/jwks.json", self.address("customers"));
        self.run("transfers", self.servers.transfers_arguments(&keys, self.address("accounts")), &[])
    }

    /// Where the process answers that runs now.
    pub(crate) fn address(&self, name: &str) -> &str {
        let service = match name {
            "accounts" => &self.accounts,
            "transfers" => &self.transfers,
            "account-history" => &self.history,
            "customers" => &self.customers,
            "webhooks" => &self.webhooks,
            _ => &self.gateway,
        };
        service.as_ref().map_or("", |service| &service.url)
    }

    pub(crate) fn process(&mut self, name: &str) -> &mut Option<Service> {
        match name {
            "accounts" => &mut self.accounts,
            "transfers" => &mut self.transfers,
            "account-history" => &mut self.history,
            "customers" => &mut self.customers,
            "webhooks" => &mut self.webhooks,
            _ => &mut self.gateway,
        }
    }

    pub(crate) fn kill(&mut self, name: &str) {
        if let Some(mut service) = self.process(name).take() {
            service.kill();
        }
    }

    /// Every database of the services on PostgreSQL.
    pub(crate) fn databases(&self) -> Vec<String> {
        self.servers.databases()
    }

    /// What each process has logged so far.
    pub(crate) fn logs(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.logs.path()).expect("a folder");
        files.map(|file| std::fs::read_to_string(file.expect("a file").path()).expect("a log")).collect()
    }

    /// Where the services keep their audit log.
    pub(crate) fn audit_log(&self) -> &str {
        &self.servers.audit
    }

    /// A client of the gateway that runs now.
    pub(crate) fn bank(&self) -> Bank {
        Bank::at(self.address("api-gateway"), self.servers.tokens())
    }

    /// The stores, the bus and the views, read directly.
    pub(crate) async fn sources(&self) -> Sources {
        self.servers.sources().await
    }
}

fn set(settings: impl IntoIterator<Item = String>) -> Vec<String> {
    settings.into_iter().flat_map(|setting| ["--set".to_owned(), setting]).collect()
}
