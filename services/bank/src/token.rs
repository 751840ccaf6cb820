//! `bank token`: an access token for whoever can read the bank's key folder, for operators and scripts.

use std::process::ExitCode;

use anyhow::Context;
use chrono::Utc;
use clap::Args;
use reqwest::Client;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use service_kit::Failure;
use service_kit::identity::{AccessToken, Grant, Subject};
use service_kit::settings::{CommonArgs, Span, TokenSettings};
use uuid::Uuid;

use crate::cli::{print, settings};

/// What `bank token` may be told.
#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    /// A token of the operator of this name
    #[arg(long, value_name = "NAME", conflicts_with = "customer", required_unless_present = "customer")]
    operator: Option<String>,
    /// A token of the customer with this id, a UUID
    #[arg(long, value_name = "ID")]
    customer: Option<Uuid>,
    /// How long it is valid
    #[arg(long, value_name = "TIME", default_value = "1h")]
    lifetime: Span,
    #[command(flatten)]
    settings: CommonArgs,
}

/// Prints the token.
///
/// # Errors
/// When the settings name no folder of keys, or it cannot be read.
pub(crate) fn run(args: TokenArgs) -> Result<ExitCode, Failure> {
    let tokens = settings(&args.settings)?.tokens();
    let subject = match (args.customer, args.operator) {
        (Some(customer), _) => Subject::Customer(customer),
        (None, operator) => Subject::operator(&operator.unwrap_or_default()).map_err(Failure::start)?,
    };
    let token = issue(TokenSettings { lifetime: args.lifetime, ..tokens }, subject);
    let token = token.map_err(|error| Failure::start(format!("{error:#}")))?;
    print(&format!("{}\n", token.expose()))?;
    Ok(ExitCode::SUCCESS)
}

/// A token for `subject`, signed with the key folder that `settings` name.
///
/// # Errors
/// When the settings name no folder, or it cannot be used.
pub fn issue(settings: TokenSettings, subject: Subject) -> anyhow::Result<AccessToken> {
    let now = Utc::now();
    let keys = settings.signing_keys(now)?;
    let grant = Grant { subject, session: None, token_id: Uuid::now_v7() };
    settings.issuer(keys)?.issue(&grant, now).context("no token could be issued")
}

/// A client whose every request shows `token`.
///
/// # Errors
/// When `token` holds what a header cannot, or the client cannot be built.
pub fn client(token: &str) -> anyhow::Result<Client> {
    let mut bearer = HeaderValue::from_str(&format!("Bearer {token}"))?;
    bearer.set_sensitive(true);
    Ok(Client::builder().default_headers(HeaderMap::from_iter([(AUTHORIZATION, bearer)])).build()?)
}
