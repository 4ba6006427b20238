//! A resource as a request for its creation describes it.

use serde_json::{Map, Value};

use super::{IDENTIFIER_FAULT, REGION_FAULT, Resource, config, credential_id, identifier};
use crate::fields::{Fields, FromFields};
use crate::id::{CredentialId, ResourceId};
use crate::provider::{Provider, ResourceType};
use crate::text::NAME_MAX;
use crate::time::Timestamp;

/// The members of `POST /resources`, checked as far as they can be without the credential.
#[derive(Debug, Clone)]
pub struct ResourceDraft {
    name: String,
    /// The credential that the draft names; it must exist in the organization.
    pub credential_id: CredentialId,
    /// The provider, which must be the credential's.
    pub provider: Provider,
    resource_type: ResourceType,
    resource_identifier: String,
    region: Option<String>,
    config: Map<String, Value>,
}

impl FromFields for ResourceDraft {
    fn read(fields: &mut Fields) -> Option<Self> {
        let name = fields.line("name", NAME_MAX);
        let name = fields.require("name", name);
        let credential = credential_id(fields);
        let credential = fields.require("credentialId", credential);
        let provider = choice(fields, "provider", Provider::parse, &Provider::ALL);
        let kind = choice(fields, "resourceType", ResourceType::parse, &ResourceType::ALL);
        let identifier = identifier(fields);
        let identifier = fields.require("resourceIdentifier", identifier);
        if let (Some(kind), Some(identifier)) = (kind, &identifier)
            && !kind.is_identifier(identifier)
        {
            fields.refuse("resourceIdentifier", IDENTIFIER_FAULT);
        }
        let region = region(fields, provider);
        let config = config(fields).flatten().unwrap_or_default();
        if let Some(fault) = kind.and_then(|kind| kind.config_fault(&config)) {
            fields.refuse("config", fault);
        }
        Some(Self {
            name: name?,
            credential_id: credential?,
            provider: provider?,
            resource_type: kind?,
            resource_identifier: identifier?,
            region,
            config,
        })
    }
}

fn choice<T: Copy + std::fmt::Display>(
    fields: &mut Fields,
    name: &str,
    parse: impl Fn(&str) -> Option<T>,
    all: &[T],
) -> Option<T> {
    let text = fields.text(name);
    let text = fields.require(name, text)?;
    let value = parse(&text);
    if value.is_none() {
        let known: Vec<String> = all.iter().map(ToString::to_string).collect();
        fields.refuse(name, format!("{name} must be one of: {}", known.join(", ")));
    }
    value
}

fn region(fields: &mut Fields, provider: Option<Provider>) -> Option<String> {
    let region = fields.text("region");
    let provider = provider?;
    if !provider.has_regions() {
        return region;
    }
    let region = fields.require("region", region)?;
    if !provider.is_region(&region) {
        fields.refuse("region", REGION_FAULT);
    }
    Some(region)
}

impl ResourceDraft {
    /// The resource. It is inactive until its verification.
    #[must_use]
    pub fn create(&self, credential_name: &str, now: Timestamp) -> Resource {
        let draft = self.clone();
        Resource {
            id: ResourceId::generate(now),
            name: draft.name,
            credential_id: draft.credential_id,
            credential_name: credential_name.into(),
            provider: draft.provider,
            resource_type: draft.resource_type,
            resource_identifier: draft.resource_identifier,
            region: draft.region,
            config: draft.config,
            is_active: false,
            last_verified_at: None,
            created_at: now,
            updated_at: now,
        }
    }
}
