//! An API key as a request for its creation describes it.

use std::collections::BTreeSet;

use super::{ApiKey, Scope};
use crate::fields::{Fields, FromFields};
use crate::id::ApiKeyId;
use crate::principal::Creator;
use crate::text::{DESCRIPTION_MAX, NAME_MAX};
use crate::time::Timestamp;
use crate::violation::Violations;

/// The members of `POST /api-keys`.
#[derive(Debug, Clone)]
pub struct ApiKeyDraft {
    name: String,
    description: Option<String>,
    scopes: BTreeSet<Scope>,
    expires_at: Option<Timestamp>,
}

impl FromFields for ApiKeyDraft {
    fn read(fields: &mut Fields) -> Option<Self> {
        let name = fields.line("name", NAME_MAX);
        let name = fields.require("name", name);
        let description = description(fields);
        let scopes = scopes(fields);
        let scopes = fields.require("scopes", scopes);
        let expires_at = expires_at(fields);
        Some(Self { name: name?, description, scopes: scopes?, expires_at })
    }
}

fn description(fields: &mut Fields) -> Option<String> {
    if fields.clears("description") {
        return None;
    }
    fields.lines("description", DESCRIPTION_MAX)
}

/// `scopes`, in their own order and each once.
fn scopes(fields: &mut Fields) -> Option<BTreeSet<Scope>> {
    let value = fields.take("scopes")?;
    let list = value.as_array().filter(|list| !list.is_empty());
    let scopes = list.and_then(|list| list.iter().map(|scope| Scope::parse(scope.as_str()?)).collect());
    if scopes.is_none() {
        let known = Scope::ALL.map(Scope::as_str).join(", ");
        fields.refuse("scopes", format!("scopes must list at least one of {known}"));
    }
    scopes
}

/// `expiresAt`; `null` is never.
fn expires_at(fields: &mut Fields) -> Option<Timestamp> {
    if fields.clears("expiresAt") {
        return None;
    }
    let time = Timestamp::parse(&fields.text("expiresAt")?).ok();
    if time.is_none() {
        fields.refuse("expiresAt", "expiresAt must be a time, such as 2026-02-18T10:30:00Z");
    }
    time
}

impl ApiKeyDraft {
    /// The key.
    ///
    /// # Errors
    /// When it would have expired already.
    pub fn create(&self, creator: Creator, now: Timestamp) -> Result<ApiKey, Violations> {
        if self.expires_at.is_some_and(|end| end <= now) {
            return Err(Violations::one("expiresAt", "expiresAt must lie in the future"));
        }
        Ok(ApiKey {
            id: ApiKeyId::generate(now),
            name: self.name.clone(),
            description: self.description.clone(),
            scopes: self.scopes.iter().copied().collect(),
            created_by: creator,
            maker_entry: None,
            expires_at: self.expires_at,
            revoked_at: None,
            last_used_at: None,
            last_used_ip: None,
            created_at: now,
        })
    }
}
