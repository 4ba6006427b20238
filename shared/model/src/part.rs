//! How much of a list one request may ask for.

use crate::violation::Violations;

/// Most objects in one part of a list.
const LIMIT_MAX: usize = 500;

/// Reads `limit`, a whole number from 1 to 500. Nothing was sent, or nothing that can be read: that is noted.
pub fn limit(sent: Option<&str>, wrong: &mut Violations) -> Option<usize> {
    let limit = sent?.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
    if limit.is_none() {
        wrong.add("limit", format!("limit must be a whole number from 1 to {LIMIT_MAX}"));
    }
    limit
}
