//! The entities: what a request may say of them, what a change makes of them, and what follows from their parts.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod credential_fields;
mod credential_lists;
mod credentials;
mod extensions;
mod ids;
mod limits;
mod resources;
mod roles;
mod rows;
mod rules;
mod session_requests;
mod sessions;

use model::audit::FieldChange;
use model::fields::{Fields, FromFields};
use model::time::Timestamp;
use model::violation::Violations;
use serde_json::Value;

const NOW: i64 = 1_771_410_600;

/// So many seconds after the beginning.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_millis((NOW + seconds) * 1000).unwrap()
}

fn read<T: FromFields>(body: &Value) -> Result<T, Violations> {
    Fields::read(body.as_object().unwrap().clone())
}

/// What is wrong with a body.
fn wrong<T: FromFields>(body: &Value) -> Vec<String> {
    read::<T>(body).err().map(|violations| sentences(&violations)).unwrap_or_default()
}

fn sentences(violations: &Violations) -> Vec<String> {
    violations.iter().map(|(_, sentence)| sentence.into()).collect()
}

fn names(changes: &[FieldChange]) -> Vec<&str> {
    changes.iter().map(|change| change.field).collect()
}
