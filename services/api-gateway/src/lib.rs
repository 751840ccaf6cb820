//! The edge: one address for all services. It knows which service answers which route, and nothing else.
//!
//! Invariant: a request that no service would take (unknown route, no believable token, wrong method, too long) asks
//! none. The services check the token again: the gateway is not the only guard.

mod api;
pub mod config;
mod document;
mod proxy;

use std::process::ExitCode;
use std::time::SystemTime;

use service_kit::http::{Guard, Prefer, UNUSED_CONNECTION};
use service_kit::settings::open_audit;
use service_kit::{About, App, CommonArgs, Failure, Health, SettingsError};

use api::Services;
pub use config::{BaseUrl, Config};
use proxy::Upstream;

const ABOUT: About = About {
    name: "api-gateway",
    version: env!("CARGO_PKG_VERSION"),
    summary: "The edge of the bank: passes each request on to the service that answers it.",
    defaults: config::DEFAULTS,
    example: None,
};

/// The routes of all services, without the layers that [`service_kit::http::finish`] adds.
///
/// # Errors
/// When the settings contradict each other, or the client for the services cannot be built.
pub fn build(config: &Config) -> anyhow::Result<App> {
    check(config)?;
    let client = reqwest::Client::builder()
        .connect_timeout(config.connect_timeout.get())
        .pool_idle_timeout(UNUSED_CONNECTION)
        .tcp_nodelay(true)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()?;
    let upstream = |name, url: &BaseUrl| Upstream {
        name,
        url: url.clone(),
        client: client.clone(),
        timeout: config.upstream_timeout.get(),
        body_limit: config.body_limit,
    };
    let accounts = upstream("accounts", &config.accounts_url);
    let transfers = upstream("transfers", &config.transfers_url);
    let account_history = upstream("account-history", &config.account_history_url);
    let customers = upstream("customers", &config.customers_url);
    let webhooks = upstream("webhooks", &config.webhooks_url);
    let services = Services { accounts, transfers, account_history, customers, webhooks };
    let health = services.all().into_iter().cloned().fold(Health::new(), |health, upstream| {
        health.check(upstream.name, move || {
            let upstream = upstream.clone();
            async move { upstream.livez().await }
        })
    });
    let guard = Guard::new(config.tokens.verifier(SystemTime::now().into())?);
    let guard = guard.public(api::public_routes(&services)).public(document::routes(&services));
    Ok(guard.signed_in(api::routes(&services)).into_app(health))
}

/// The same, with whom it turns away in the audit log that the settings name.
///
/// # Errors
/// When the settings contradict each other, or the log cannot be opened.
pub async fn start(config: &Config) -> anyhow::Result<App> {
    let app = build(config)?;
    Ok(app.audited(open_audit(&config.audit).await?))
}

/// Runs the gateway until a signal.
///
/// # Errors
/// [`Failure`] when it cannot start.
pub async fn run_with(args: &CommonArgs) -> Result<(), Failure> {
    service_kit::run(&ABOUT, args, async |config: Config, _tasks| start(&config).await).await
}

/// The process: arguments, the gateway, and one line on stderr when it cannot start.
pub fn run() -> ExitCode {
    service_kit::main(&ABOUT, async |config: Config, _tasks| start(&config).await)
}

/// A client that waits must get its answer before this end gives up.
fn check(config: &Config) -> Result<(), SettingsError> {
    let longest = config.upstream_timeout.get() + Prefer::MAX_WAIT;
    if config.request_timeout.get() > longest {
        return Ok(());
    }
    let reason = format!(
        "must be more than upstream_timeout and the longest wait of a client ({} s) together: more than {} s",
        Prefer::MAX_WAIT.as_secs(),
        longest.as_secs()
    );
    Err(SettingsError::invalid("request_timeout", reason))
}
