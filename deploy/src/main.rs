//! The program `bank-deploy`.

use std::process::ExitCode;

fn main() -> ExitCode {
    bank_deploy::main()
}
