//! What is counted of callers: the requests that they may make, and the sign-ins that failed.

pub(crate) mod failed_sign_in;
pub(crate) mod rate;
