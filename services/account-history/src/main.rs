//! The account-history service as a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    account_history::main()
}
