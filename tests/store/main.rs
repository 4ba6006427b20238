//! The store on a DynamoDB: refusals, races, retries, what is left in the table.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod bookkeeping;
mod broken_off;
mod calls;
mod claims;
mod delete_resource;
mod deletions;
mod fixture;
mod idempotency;
mod interleavings;
mod invitations;
mod links;
mod meetings;
mod races;
mod rule_events;
mod shapes;
mod shards;
mod starts;
mod tenants;
mod transactions;
mod vault;
