//! The webhooks service as a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    service_kit::main_with_stores(&webhooks::ABOUT, webhooks::start, webhooks::migrate, |files| {
        webhooks::history().check(files)
    })
}
