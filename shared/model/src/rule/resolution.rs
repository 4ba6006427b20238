//! The resolution of a stuck rule by an administrator.

use crate::fields::{Fields, FromFields};
use crate::text::DESCRIPTION_MAX;

/// The members of `POST /rules/{id}/resolve`.
#[derive(Debug, Clone)]
pub struct Resolution {
    /// Why the administrator says that the rule is gone.
    pub reason: String,
}

impl FromFields for Resolution {
    fn read(fields: &mut Fields) -> Option<Self> {
        let reason = fields.line("reason", DESCRIPTION_MAX);
        Some(Self { reason: fields.require("reason", reason)? })
    }
}
