//! The customers service as a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    service_kit::main_with_stores(&customers::ABOUT, customers::start, customers::migrate, |files| {
        customers::history().check(files)
    })
}
