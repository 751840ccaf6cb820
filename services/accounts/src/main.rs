//! The accounts service as a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    service_kit::main_with_stores(&accounts::ABOUT, accounts::start, accounts::migrate, |files| {
        accounts::history().check(files)
    })
}
