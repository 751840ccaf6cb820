//! A bank that runs already, somewhere: all that is known of it is its address and a token of one of its operators.

use std::env;

use crate::client::Bank;

const URL: &str = "BANK_TEST_URL";
const OPERATOR_TOKEN: &str = "BANK_TEST_OPERATOR_TOKEN";

/// The bank that the environment names.
pub(crate) fn bank() -> Bank {
    let variable = |name| {
        let value = env::var(name).ok().filter(|value| !value.is_empty());
        value.unwrap_or_else(|| {
            panic!("{name} is not set: {URL} is its address, {OPERATOR_TOKEN} an operator's token")
        })
    };
    Bank::of_operator(variable(URL).trim_end_matches('/'), &variable(OPERATOR_TOKEN))
}
