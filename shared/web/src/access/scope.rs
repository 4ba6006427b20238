//! Scopes of API keys as types, so that a handler's signature names the scope that a key needs.

use model::api_key::Scope;

/// A scope as a type.
pub trait ScopeName: Send + Sync + 'static {
    /// The scope itself.
    const SCOPE: Scope;
}

#[derive(Debug, Clone, Copy)]
pub enum ResourcesRead {}

impl ScopeName for ResourcesRead {
    const SCOPE: Scope = Scope::ResourcesRead;
}

#[derive(Debug, Clone, Copy)]
pub enum AuditRead {}

impl ScopeName for AuditRead {
    const SCOPE: Scope = Scope::AuditRead;
}

#[derive(Debug, Clone, Copy)]
pub enum SessionsRead {}

impl ScopeName for SessionsRead {
    const SCOPE: Scope = Scope::SessionsRead;
}

#[derive(Debug, Clone, Copy)]
pub enum SessionsWrite {}

impl ScopeName for SessionsWrite {
    const SCOPE: Scope = Scope::SessionsWrite;
}
