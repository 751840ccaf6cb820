//! The plain ledger: one signed number an account and one a hold, and the rules written down a second time.

use std::collections::BTreeMap;

use super::happening::{ACCOUNTS, Happening};

const LIMIT: i128 = 9_007_199_254_740_991;

/// What anybody can see of an account: its status, its balance, and what of it is available, in minor units.
pub(super) type Line = (Option<&'static str>, i128, i128);

#[derive(Debug, Clone, Default)]
struct Book {
    opened: bool,
    euros: bool,
    frozen: bool,
    closed: bool,
    balance: i128,
    overdraft_limit: i128,
    daily_limit: Option<i128>,
    /// How much transfers took out, on which day.
    spent: (i64, i128),
    holds: BTreeMap<usize, Hold>,
}

#[derive(Debug, Clone, Copy)]
enum Hold {
    /// So many cents, before so many minutes after noon.
    Placed(i128, i64),
    Expired,
}

/// The accounts' books, how much came in from outside minus how much went out, and how many minutes after noon it is.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    minutes: i64,
    books: [Book; ACCOUNTS],
    paid_in: i128,
}

impl Book {
    fn is_usable(&self) -> bool {
        self.opened && !self.frozen && !self.closed
    }

    fn has_room_for(&self, cents: i128) -> bool {
        self.balance + cents <= LIMIT
    }

    fn held(&self, minutes: i64) -> i128 {
        let held = self.holds.values().map(|hold| match hold {
            Hold::Placed(cents, until) if minutes < *until => *cents,
            Hold::Placed(..) | Hold::Expired => 0,
        });
        held.sum()
    }

    fn available(&self, minutes: i64) -> i128 {
        (self.balance + self.overdraft_limit - self.held(minutes)).min(LIMIT)
    }

    fn spent_on(&self, day: i64) -> i128 {
        if self.spent.0 == day { self.spent.1 } else { 0 }
    }

    fn expire(&mut self, minutes: i64) {
        for hold in self.holds.values_mut() {
            if matches!(hold, Hold::Placed(_, until) if *until <= minutes) {
                *hold = Hold::Expired;
            }
        }
    }
}

impl Ledger {
    pub(super) fn happens(&mut self, happening: &Happening) {
        match *happening {
            Happening::Open { account, initial, euros } => self.open(account, initial.unwrap_or(0), euros),
            Happening::Deposit { account, cents } => self.deposit(account, i128::from(cents)),
            Happening::Withdraw { account, cents } => self.withdraw(account, i128::from(cents)),
            Happening::SetOverdraftLimit { account, cents } => {
                let (book, limit) = (&mut self.books[account], i128::from(cents));
                let covers = book.balance + limit >= book.held(self.minutes);
                if book.opened && !book.closed && !book.euros && covers {
                    book.overdraft_limit = limit;
                }
            }
            Happening::SetDailyLimit { account, cents } => {
                let book = &mut self.books[account];
                if book.opened && !book.closed && !book.euros {
                    book.daily_limit = cents.map(i128::from);
                }
            }
            Happening::PlaceHold { account, hold, cents, minutes } => {
                self.place(account, hold, i128::from(cents), minutes);
            }
            Happening::CaptureHold { account, hold, cents } => {
                self.capture(account, hold, cents.map(i128::from));
            }
            Happening::VoidHold { account, hold } => {
                let book = &mut self.books[account];
                if matches!(book.holds.get(&hold), Some(Hold::Placed(_, until)) if self.minutes < *until) {
                    book.holds.remove(&hold);
                }
            }
            Happening::ExpireHolds { account } => self.books[account].expire(self.minutes),
            Happening::Wait { minutes } => self.minutes += minutes,
            Happening::Freeze { account } => {
                let book = &mut self.books[account];
                book.frozen |= book.is_usable();
            }
            Happening::Unfreeze { account } => self.books[account].frozen = false,
            Happening::Close { account } => {
                let book = &mut self.books[account];
                if book.is_usable() && book.balance == 0 && book.held(self.minutes) == 0 {
                    book.expire(self.minutes);
                    (book.closed, book.overdraft_limit, book.daily_limit) = (true, 0, None);
                }
            }
            Happening::Transfer { from, to, cents, late } => self.transfer(from, to, i128::from(cents), late),
        }
    }

    /// Deposits and withdrawals are in dollars, transfers too; an account in euros takes part in none.
    fn open(&mut self, account: usize, initial: u64, euros: bool) {
        if !self.books[account].opened {
            let balance = i128::from(initial);
            self.books[account] = Book { opened: true, euros, balance, ..Book::default() };
            self.paid_in += balance;
        }
    }

    fn deposit(&mut self, account: usize, cents: i128) {
        let book = &mut self.books[account];
        if book.is_usable() && !book.euros && book.has_room_for(cents) {
            book.balance += cents;
            self.paid_in += cents;
        }
    }

    fn withdraw(&mut self, account: usize, cents: i128) {
        let book = &mut self.books[account];
        let may_pay_out = book.is_usable() || (book.closed && book.balance > 0);
        if may_pay_out && !book.euros && book.available(self.minutes) >= cents {
            book.balance -= cents;
            self.paid_in -= cents;
        }
    }

    /// An id is taken as long as anything is known of its hold.
    fn place(&mut self, account: usize, hold: usize, cents: i128, minutes: i64) {
        let book = &mut self.books[account];
        let fits = book.available(self.minutes) >= cents && minutes > 0 && !book.holds.contains_key(&hold);
        if book.is_usable() && !book.euros && fits {
            book.holds.insert(hold, Hold::Placed(cents, self.minutes + minutes));
        }
    }

    fn capture(&mut self, account: usize, hold: usize, cents: Option<i128>) {
        let book = &mut self.books[account];
        let Some(Hold::Placed(held, until)) = book.holds.get(&hold).copied() else {
            return;
        };
        let cents = cents.unwrap_or(held);
        if book.is_usable() && self.minutes < until && cents <= held {
            book.holds.remove(&hold);
            book.balance -= cents;
            self.paid_in -= cents;
        }
    }

    /// The days since the one whose noon is at minute 0.
    fn day(&self) -> i64 {
        (self.minutes + 12 * 60) / (24 * 60)
    }

    /// All or nothing: what cannot arrive does not leave, whatever the steps in between. Only where there is no limit,
    /// nobody knows any more what came back, and it counts.
    fn transfer(&mut self, from: usize, to: usize, cents: i128, late: bool) {
        let (source, target) = (&self.books[from], &self.books[to]);
        let covered = source.available(self.minutes) >= cents;
        let (day, spent) = (self.day(), source.spent_on(self.day()) + cents);
        let allowed = source.daily_limit.is_none_or(|limit| spent <= limit);
        let leaves = from != to && source.is_usable() && !source.euros && covered && allowed;
        let arrives = target.is_usable() && !target.euros && target.has_room_for(cents) && !late;
        if leaves && (arrives || source.daily_limit.is_none()) {
            self.books[from].spent = (day, spent);
        }
        if leaves && arrives {
            self.books[from].balance -= cents;
            self.books[to].balance += cents;
        }
    }

    pub(super) fn statement(&self) -> [Line; ACCOUNTS] {
        self.books.each_ref().map(|book| {
            let status = match book {
                Book { opened: false, .. } => return (None, 0, 0),
                Book { closed: true, balance: 0, .. } => "closed",
                Book { closed: true, .. } => "closed-with-balance",
                Book { frozen: true, .. } => "frozen",
                Book { .. } => "open",
            };
            (Some(status), book.balance, book.available(self.minutes))
        })
    }

    pub(super) fn paid_in(&self) -> i128 {
        self.paid_in
    }
}
