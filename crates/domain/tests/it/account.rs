//! The rules of an account.

mod bulk;
mod credit;
mod daily_limit;
mod debit;
mod deposit;
mod holds;
mod lifecycle;
mod opening;
mod overdraft;
mod ownership;
mod refusal;
mod reversal;
mod withdrawal;
