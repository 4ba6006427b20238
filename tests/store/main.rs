//! The store on a DynamoDB: refusals, races, retries, what is left in the table.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod bookkeeping;
mod broken_off;
mod calls;
mod claims;
mod delete_resource;
mod deletions;
mod fixture;
mod interleavings;
mod invitations;
mod links;
mod meetings;
mod news;
mod once;
mod races;
mod shapes;
mod shards;
mod starts;
mod tenants;
mod transactions;
mod vault;
