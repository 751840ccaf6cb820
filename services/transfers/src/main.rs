//! The transfers service as a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    service_kit::main_with_stores(&transfers::ABOUT, transfers::start, transfers::migrate, |files| {
        transfers::history().check(files)
    })
}
