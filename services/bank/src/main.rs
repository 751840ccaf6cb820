//! The bank: serves, and has tools of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    bank::run()
}
