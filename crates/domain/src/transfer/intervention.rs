//! What an operator can do about a transfer that does not get on.

use crate::words::words;

words! {
    /// What an operator asks of a transfer that waits for an account's answer.
    pub enum Intervention {
        /// The pending step once more, under its own command id: whatever came of it is said again.
        Retry = "retry",
        /// The transfer is given up: the account is to refuse the pending step, unless it has answered already.
        Compensate = "compensate",
    }
}
