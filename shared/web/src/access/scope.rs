//! Scopes of API keys as types, so that a handler's signature says which one it asks for.

use model::api_key::Scope;

/// A scope as a type.
pub trait ScopeName: Send + Sync + 'static {
    /// The scope.
    const SCOPE: Scope;
}

/// `resources:read`.
#[derive(Debug, Clone, Copy)]
pub enum ResourcesRead {}

impl ScopeName for ResourcesRead {
    const SCOPE: Scope = Scope::ResourcesRead;
}

/// `audit:read`.
#[derive(Debug, Clone, Copy)]
pub enum AuditRead {}

impl ScopeName for AuditRead {
    const SCOPE: Scope = Scope::AuditRead;
}

/// `sessions:read`.
#[derive(Debug, Clone, Copy)]
pub enum SessionsRead {}

impl ScopeName for SessionsRead {
    const SCOPE: Scope = Scope::SessionsRead;
}

/// `sessions:write`.
#[derive(Debug, Clone, Copy)]
pub enum SessionsWrite {}

impl ScopeName for SessionsWrite {
    const SCOPE: Scope = Scope::SessionsWrite;
}
