//! Representations that several functions answer with.

mod audit_log;
mod credential;

pub use audit_log::AuditLogEntry;
pub use credential::CredentialView;
