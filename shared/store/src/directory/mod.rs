//! The directory: who is in an organization, what can be opened, and with which credentials.
//!
//! It stands above the ledger, because its changes end sessions: a user is deactivated, a resource is drained, a credential changes.

pub(crate) mod api_key;
pub(crate) mod credential;
pub(crate) mod link;
pub(crate) mod resource;
pub(crate) mod role;
pub(crate) mod user;
