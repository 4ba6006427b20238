//! What Postern knows and decides: identifiers, entities, validation and policy.
//!
//! Nothing here awaits, reads a clock or an environment variable, or knows HTTP or AWS. Time is an argument,
//! and every rule can be tested as a plain function.

pub mod account;
pub mod address;
pub mod api_key;
pub mod audit;
pub mod credential;
pub mod fields;
pub mod id;
pub mod idempotency;
pub mod ingress;
pub mod json;
pub mod link;
pub mod page;
pub mod precondition;
pub mod principal;
pub mod provider;
pub mod query;
pub mod rate;
pub mod refusal;
pub mod resource;
pub mod role;
pub mod rule;
pub mod secret;
pub mod sent;
pub mod session;
pub mod session_status;
pub mod snapshot;
pub mod text;
pub mod time;
pub mod user;
pub mod violation;
