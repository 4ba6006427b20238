//! The seeds' examples, replayed: status, members, order of the 404s, exact messages.
//!
//! Ids that cannot be UUIDs are replaced by real ones; everything else is as printed.

mod assign_resource;
mod callers;
mod delete_resource;
mod patch_resource;
mod put_credential;
mod unassign_resource;

/// The seeds' id of an object that does not exist.
const UNKNOWN: &str = "550e8400-e29b-41d4-a716-446655440000";
/// The seeds' second id.
const UNKNOWN_RESOURCE: &str = "660e8400-e29b-41d4-a716-446655440001";
