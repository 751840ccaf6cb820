//! From an image to a running service, through the Docker engine's API.
//!
//! `bank-deploy smoke IMAGE…` shows that an image starts, does its work once, and stops as it should;
//! `bank-deploy history IMAGE…` that it takes over what the bank has written. What it knows of a
//! service is its table in `docker/services.toml` and its file in `docker/settings`, which compose uses too.
//!
//! `plan`, `apply`, `status` and `rollback` bring published images to run, and back; see `deploy/README.md`.
//!
//! Invariant: whatever a command made in the engine for its own use is gone when it ends, however it ends by itself.

mod catalog;
mod cli;
mod engine;
mod error;
mod fault;
mod history;
mod http;
mod image_name;
mod record;
mod rollout;
mod signals;
mod smoke;
mod upload;

pub use catalog::{Catalog, Entry, Request, Role};
pub use cli::main;
pub use engine::{Engine, Launch, Mounted};
pub use error::DeployError;
pub use history::{Examined, Part};
pub use image_name::ImageName;
pub use record::{Record, Tested};
pub use smoke::{Outcome, SmokeSettings, Step};
