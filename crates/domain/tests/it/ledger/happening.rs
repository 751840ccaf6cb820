//! Things that happen at the bank.

use domain::money::MAX_MINOR_UNITS;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};

/// How many accounts the bank has; they are numbered from 0.
pub(super) const ACCOUNTS: usize = 3;

/// How many different holds an account can have; they are numbered from 0.
pub(super) const HOLDS: usize = 3;

/// One thing that happens at the bank. Amounts are in cents.
#[derive(Debug, Clone)]
pub(super) enum Happening {
    Open {
        account: usize,
        initial: Option<u64>,
        euros: bool,
    },
    Deposit {
        account: usize,
        cents: u64,
    },
    Withdraw {
        account: usize,
        cents: u64,
    },
    SetOverdraftLimit {
        account: usize,
        cents: u64,
    },
    SetDailyLimit {
        account: usize,
        cents: Option<u64>,
    },
    /// From now on for so many minutes.
    PlaceHold {
        account: usize,
        hold: usize,
        cents: u64,
        minutes: i64,
    },
    /// All of it, or less or more than it.
    CaptureHold {
        account: usize,
        hold: usize,
        cents: Option<u64>,
    },
    VoidHold {
        account: usize,
        hold: usize,
    },
    /// The sweeper comes.
    ExpireHolds {
        account: usize,
    },
    /// Time goes by.
    Wait {
        minutes: i64,
    },
    Freeze {
        account: usize,
    },
    Unfreeze {
        account: usize,
    },
    Close {
        account: usize,
    },
    /// From the debit to its end; `late` is the clock of the target.
    Transfer {
        from: usize,
        to: usize,
        cents: u64,
        late: bool,
    },
}

/// Small amounts mostly, which succeed, and now and then one at the limit.
fn cents() -> impl Strategy<Value = u64> {
    prop_oneof![8 => 1_u64..200, 1 => (MAX_MINOR_UNITS - 200)..=MAX_MINOR_UNITS]
}

pub(super) fn any_happening() -> impl Strategy<Value = Happening> {
    let account = || 0..ACCOUNTS;
    let hold = || 0..HOLDS;
    let initial = prop_oneof![Just(None), cents().prop_map(Some)];
    let mostly_dollars = prop_oneof![9 => Just(false), 1 => Just(true)];
    prop_oneof![
        3 => (account(), initial, mostly_dollars)
            .prop_map(|(account, initial, euros)| Happening::Open { account, initial, euros }),
        4 => (account(), cents()).prop_map(|(account, cents)| Happening::Deposit { account, cents }),
        3 => (account(), cents()).prop_map(|(account, cents)| Happening::Withdraw { account, cents }),
        2 => (account(), prop_oneof![Just(0), cents()])
            .prop_map(|(account, cents)| Happening::SetOverdraftLimit { account, cents }),
        2 => (account(), option::of(cents()))
            .prop_map(|(account, cents)| Happening::SetDailyLimit { account, cents }),
        3 => (account(), hold(), cents(), 0_i64..9)
            .prop_map(|(account, hold, cents, minutes)| Happening::PlaceHold { account, hold, cents, minutes }),
        2 => (account(), hold(), option::of(cents()))
            .prop_map(|(account, hold, cents)| Happening::CaptureHold { account, hold, cents }),
        1 => (account(), hold()).prop_map(|(account, hold)| Happening::VoidHold { account, hold }),
        1 => account().prop_map(|account| Happening::ExpireHolds { account }),
        2 => prop_oneof![4 => 1_i64..5, 1 => Just(13 * 60)].prop_map(|minutes| Happening::Wait { minutes }),
        1 => account().prop_map(|account| Happening::Freeze { account }),
        2 => account().prop_map(|account| Happening::Unfreeze { account }),
        1 => account().prop_map(|account| Happening::Close { account }),
        6 => (account(), account(), cents(), any::<bool>())
            .prop_map(|(from, to, cents, late)| Happening::Transfer { from, to, cents, late }),
    ]
}
