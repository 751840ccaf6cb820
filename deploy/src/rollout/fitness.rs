//! Whether a new container is fit: it gets ready in time, and stays so.

use std::time::Instant;

use chrono::{DateTime, Utc};
use tokio::time::sleep;

use super::executing::{Execution, Fault, POLL, unfit};
use super::observing::readiness;
use crate::engine::Exit;
use crate::error::DeployError;

/// A container that was ready may fail to answer so often in a row, but for one.
const MISSES: u32 = 3;

impl Execution<'_> {
    /// Waits until it says that it is ready.
    pub(super) async fn becomes_ready(&self, name: &str) -> Result<(), Fault> {
        let within = self.context.settings.ready_within;
        let deadline = Instant::now() + within;
        loop {
            let Err(last) = self.look(name).await? else { return Ok(()) };
            if self.ended(name).await?.is_some() || Instant::now() > deadline {
                let problem = match self.ended(name).await? {
                    Some(problem) => format!("{problem} before it was ready"),
                    None => format!("not ready after {} s: {last}", within.as_secs()),
                };
                return Err(unfit(problem));
            }
            sleep(POLL).await;
        }
    }

    /// Watches it, while the one before it still runs.
    /// One that ends is started again by the engine, perhaps between two looks: then it has run since another time.
    pub(super) async fn stays_ready(&self, name: &str, since: Option<DateTime<Utc>>) -> Result<(), Fault> {
        let deadline = Instant::now() + self.context.settings.watch;
        let mut misses = 0;
        loop {
            let is_over = misses == 0 && Instant::now() >= deadline;
            if let Some(problem) = self.ended(name).await? {
                return Err(unfit(problem));
            }
            if self.started_at(name).await? != since {
                return Err(unfit("it ended, and the engine started it again".to_owned()));
            }
            if is_over {
                return Ok(());
            }
            match self.look(name).await? {
                Ok(()) => misses = 0,
                Err(last) => {
                    misses += 1;
                    if misses == MISSES {
                        return Err(unfit(format!("no longer ready: {last}")));
                    }
                }
            }
            sleep(POLL).await;
        }
    }

    /// Since when it runs.
    pub(super) async fn started_at(&self, name: &str) -> Result<Option<DateTime<Utc>>, DeployError> {
        Ok(self.context.engine.container(name).await?.and_then(|container| container.started_at))
    }

    /// What its readiness says; the outer error is the engine's.
    async fn look(&self, name: &str) -> Result<Result<(), String>, DeployError> {
        if self.ended(name).await?.is_some() {
            return Ok(Err("it has ended".to_owned()));
        }
        Ok(readiness(self.context.engine, &self.proxy(), name).await)
    }

    /// How it ended, if it has.
    pub(super) async fn ended(&self, name: &str) -> Result<Option<String>, DeployError> {
        let exit = self.context.engine.state(name).await?.exit;
        Ok(exit.map(|Exit { code, out_of_memory }| {
            let why = if out_of_memory { ", out of memory" } else { "" };
            format!("ended with exit code {code}{why}")
        }))
    }
}
