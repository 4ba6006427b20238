//! The end of an entry by an administrator's word.

use crate::fields::{Fields, FromFields};
use crate::text::DESCRIPTION_MAX;

/// The members of `POST /rules/{id}/resolve`.
#[derive(Debug, Clone)]
pub struct Resolution {
    /// Why the administrator knows that the rule is gone, or takes it upon themselves.
    pub reason: String,
}

impl FromFields for Resolution {
    fn read(fields: &mut Fields) -> Option<Self> {
        let reason = fields.line("reason", DESCRIPTION_MAX);
        Some(Self { reason: fields.require("reason", reason)? })
    }
}
