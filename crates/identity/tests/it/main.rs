//! Tokens and keys, from outside.
