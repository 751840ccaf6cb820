//! What must be true after all transfers, as a client sees it.

use std::time::{Duration, Instant};

use anyhow::bail;

use crate::bank::{Bank, Totals};

/// How long the views may show nothing new; slow ones may take long in all.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at them; nothing is measured any more.
const LOOK: Duration = Duration::from_millis(50);

/// # Errors
/// When the accounts do not have what was paid into them together, or when not every one of the `transfers` has caused
/// exactly one debit and one credit.
pub(super) async fn nothing_is_lost(
    bank: &Bank,
    accounts: u64,
    initial_balance: u64,
    transfers: u64,
) -> anyhow::Result<()> {
    let expected = expected(accounts, initial_balance, transfers);
    let (mut before, mut moved) = (Totals::default(), Instant::now());
    loop {
        let found = bank.totals().await?;
        if found == expected {
            return Ok(());
        }
        if found != before {
            (before, moved) = (found, Instant::now());
        }
        if moved.elapsed() > PATIENCE {
            bail!("after {transfers} transfers the views hold {found:?} instead of {expected:?}");
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn expected(accounts: u64, initial_balance: u64, transfers: u64) -> Totals {
    // An opening with money is two events, and so is a transfer: a debit here, a credit there.
    Totals { accounts, balance: accounts * initial_balance, versions: 2 * accounts + 2 * transfers }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_moves_money_and_adds_two_events() {
        assert_eq!(expected(3, 100, 0), Totals { accounts: 3, balance: 300, versions: 6 });
        assert_eq!(expected(3, 100, 5), Totals { accounts: 3, balance: 300, versions: 16 });
    }
}
