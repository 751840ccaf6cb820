//! The plain ledger: one signed number an account, and the rules written down a second time.

use super::happening::{ACCOUNTS, Happening};

const LIMIT: i128 = 9_007_199_254_740_991;

/// What anybody can see of an account: its status, and its balance in minor units.
pub(super) type Line = (Option<&'static str>, i128);

#[derive(Debug, Clone, Copy, Default)]
struct Book {
    opened: bool,
    euros: bool,
    frozen: bool,
    closed: bool,
    balance: i128,
}

/// The accounts' books, and how much came in from outside minus how much went out.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    books: [Book; ACCOUNTS],
    paid_in: i128,
}

impl Book {
    fn is_usable(self) -> bool {
        self.opened && !self.frozen && !self.closed
    }

    fn has_room_for(self, cents: i128) -> bool {
        self.balance + cents <= LIMIT
    }
}

impl Ledger {
    pub(super) fn happens(&mut self, happening: &Happening) {
        match *happening {
            Happening::Open { account, initial, euros } => self.open(account, initial.unwrap_or(0), euros),
            Happening::Deposit { account, cents } => self.deposit(account, i128::from(cents)),
            Happening::Withdraw { account, cents } => self.withdraw(account, i128::from(cents)),
            Happening::Freeze { account } => {
                let book = &mut self.books[account];
                book.frozen |= book.is_usable();
            }
            Happening::Unfreeze { account } => self.books[account].frozen = false,
            Happening::Close { account } => {
                let book = &mut self.books[account];
                book.closed |= book.is_usable() && book.balance == 0;
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
        if may_pay_out && !book.euros && book.balance >= cents {
            book.balance -= cents;
            self.paid_in -= cents;
        }
    }

    /// All or nothing: what cannot arrive does not leave, whatever the steps in between.
    fn transfer(&mut self, from: usize, to: usize, cents: i128, late: bool) {
        let (source, target) = (self.books[from], self.books[to]);
        let leaves = from != to && source.is_usable() && !source.euros && source.balance >= cents;
        let arrives = target.is_usable() && !target.euros && target.has_room_for(cents) && !late;
        if leaves && arrives {
            self.books[from].balance -= cents;
            self.books[to].balance += cents;
        }
    }

    pub(super) fn statement(&self) -> [Line; ACCOUNTS] {
        self.books.map(|book| {
            let status = match book {
                Book { opened: false, .. } => return (None, 0),
                Book { closed: true, balance: 0, .. } => "closed",
                Book { closed: true, .. } => "closed-with-balance",
                Book { frozen: true, .. } => "frozen",
                Book { .. } => "open",
            };
            (Some(status), book.balance)
        })
    }

    pub(super) fn paid_in(&self) -> i128 {
        self.paid_in
    }
}
