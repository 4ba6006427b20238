//! Objects as the API shows them.

mod api_key;
mod audit_log;
mod credential;
mod me;
mod rule;
mod session;
mod verified;

pub use api_key::{ApiKeyView, CreatedApiKey};
pub use audit_log::AuditLogEntry;
pub use credential::CredentialView;
pub use me::MeView;
pub use rule::RuleView;
pub use session::SessionView;
pub use verified::VerifiedView;
