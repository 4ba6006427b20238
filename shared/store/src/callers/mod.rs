//! What is counted for callers: their requests and their failed sign-ins.

pub(crate) mod failed_sign_in;
pub(crate) mod rate;
