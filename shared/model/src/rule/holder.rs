//! Holders of rules: rows of sessions.

use std::fmt;

use crate::id::SessionId;

/// A row of a session, by its position. Its text is short, because a rule's entry has one for each row that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Holder {
    /// The session.
    pub session: SessionId,
    /// The block of the session's rows.
    pub block: u16,
    /// The row's position in the block.
    pub row: u16,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.session, self.block, self.row)
    }
}

impl Holder {
    /// Reads what [`Display`](fmt::Display) writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let session = SessionId::parse(parts.next()?).ok()?;
        let (block, row) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        parts.next().is_none().then_some(Self { session, block, row })
    }
}
