//! Keys of the audit log.

use super::{Key, key};
use model::id::{AuditId, OrgId};
use model::time::Timestamp;

/// The partition of an organization's audit log.
#[must_use]
pub fn audit_partition(org: &OrgId) -> String {
    format!("ORG#{org}#AUDIT")
}

/// An audit row. Milliseconds have 15 digits, enough to sort until the year 33658.
#[must_use]
pub fn audit(org: &OrgId, at: Timestamp, id: AuditId) -> Key {
    key(audit_partition(org), format!("{:015}#{id}", at.unix_millis()))
}

/// The bounds of the sort keys of audit rows from one time to another, both included.
#[must_use]
pub fn audit_between(from: Option<Timestamp>, to: Option<Timestamp>) -> (String, String) {
    let bound = |time: Timestamp| format!("{:015}", time.unix_millis().max(0));
    // `~` sorts after the `#` that follows the time.
    (
        from.map_or_else(|| String::from("0"), bound),
        to.map_or_else(|| String::from("~"), |to| bound(to) + "~"),
    )
}

/// The id in an audit row's sort key.
pub(crate) fn id_of_audit(sk: &str) -> &str {
    sk.rsplit('#').next().unwrap_or_default()
}
