//! The ledger.

pub(crate) mod deployment;
pub(crate) mod due;
pub(crate) mod hold;
pub(crate) mod notice;
pub(crate) mod rule;
pub(crate) mod session;
pub(crate) mod stream;
