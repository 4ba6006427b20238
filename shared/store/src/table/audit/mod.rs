//! The audit log. Only [`crate::table::transaction`] writes rows, and nothing changes them.

mod log;
pub(crate) mod row;

pub use log::AuditPage;
pub use row::AuditRow;
