//! The partial update of a resource (seed `PATCH /resources/{id}`).

use serde_json::{Map, Value};

use super::{IDENTIFIER_FAULT, REGION_FAULT, Resource, config, credential_id, identifier};
use crate::audit::FieldChange;
use crate::fields::{Fields, FromFields};
use crate::id::CredentialId;
use crate::provider::{Provider, ResourceType};
use crate::text::NAME_MAX;
use crate::time::Timestamp;
use crate::violation::Violations;

/// The members of `PATCH /resources/{id}`. Absent members stay as they are.
#[derive(Debug, Clone, Default)]
pub struct ResourcePatch {
    name: Option<String>,
    resource_identifier: Option<String>,
    /// The credential to switch to; it must exist in the organization.
    pub credential_id: Option<CredentialId>,
    region: Option<String>,
    is_active: Option<bool>,
    config: Option<Map<String, Value>>,
    provider: Option<String>,
    resource_type: Option<String>,
}

impl FromFields for ResourcePatch {
    fn read(fields: &mut Fields) -> Option<Self> {
        let patch = Self {
            name: fields.line("name", NAME_MAX),
            resource_identifier: identifier(fields),
            credential_id: credential_id(fields),
            region: fields.text("region"),
            is_active: fields.flag("isActive"),
            config: config(fields).map(Option::unwrap_or_default),
            provider: fields.text("provider"),
            resource_type: fields.text("resourceType"),
        };
        patch.refuse_what_no_type_has(fields);
        // Read-only members of the representation and of a verification's answer. Callers may send them back.
        let of_resource = ["id", "credentialName", "lastVerifiedAt", "createdAt", "updatedAt"];
        for read_only in of_resource.into_iter().chain(["ruleSlotsLeft", "warnings"]) {
            fields.ignore(read_only);
        }
        Some(patch)
    }
}

/// The stored credential to which a patch switches.
#[derive(Debug, Clone)]
pub struct NewCredential {
    /// Its name, for the representation.
    pub name: String,
    /// Its provider, which must be the resource's.
    pub provider: Provider,
}

/// The result of a patch.
#[derive(Debug, Clone)]
pub struct Applied {
    /// The resource afterwards.
    pub resource: Resource,
    /// Each changed field for the audit log. Empty if nothing changes.
    pub changes: Vec<FieldChange>,
}

impl ResourcePatch {
    /// Violations that do not depend on the resource: a body is checked before existence (docs/errors.md).
    fn refuse_what_no_type_has(&self, fields: &mut Fields) {
        let identifier = self.resource_identifier.as_deref();
        if identifier.is_some_and(|id| !ResourceType::ALL.iter().any(|kind| kind.is_identifier(id))) {
            fields.refuse("resourceIdentifier", IDENTIFIER_FAULT);
        }
        let region = self.region.as_deref();
        if region.is_some_and(|region| !Provider::ALL.iter().any(|provider| provider.is_region(region))) {
            fields.refuse("region", REGION_FAULT);
        }
        if let Some(config) = &self.config {
            let faults: Vec<_> = ResourceType::ALL.iter().map(|kind| kind.config_fault(config)).collect();
            if let Some(Some(fault)) = faults.first()
                && faults.iter().all(Option::is_some)
            {
                fields.refuse("config", fault.clone());
            }
        }
    }

    /// Applies the patch. `credential` is the one that [`Self::credential_id`] names.
    ///
    /// `updatedAt` moves to `now` only if something changes. `isActive` and `lastVerifiedAt` stay as they are when the identifier or the
    /// credential changes: the seed asks the caller to verify again.
    ///
    /// # Errors
    /// Violations that depend on the stored resource: an immutable member that differs, an identifier or a
    /// `config` that the resource's type cannot have, a credential of another provider.
    pub fn apply(
        &self,
        resource: &Resource,
        credential: Option<&NewCredential>,
        now: Timestamp,
    ) -> Result<Applied, Violations> {
        self.check(resource, credential)?;
        let mut after = resource.clone();
        set(&mut after.name, &self.name);
        set(&mut after.resource_identifier, &self.resource_identifier);
        set(&mut after.is_active, &self.is_active);
        set(&mut after.config, &self.config);
        if self.region.is_some() {
            after.region.clone_from(&self.region);
        }
        if let (Some(id), Some(credential)) = (self.credential_id, credential) {
            after.credential_id = id;
            after.credential_name.clone_from(&credential.name);
        }
        let changes = changes(resource, &after);
        if !changes.is_empty() {
            after.updated_at = now;
        }
        Ok(Applied { resource: after, changes })
    }

    fn check(&self, resource: &Resource, credential: Option<&NewCredential>) -> Result<(), Violations> {
        let mut violations = Violations::default();
        if self.resource_identifier.as_deref().is_some_and(|id| !resource.resource_type.is_identifier(id)) {
            violations.add("resourceIdentifier", IDENTIFIER_FAULT);
        }
        if credential.is_some_and(|credential| credential.provider != resource.provider) {
            violations.add("credentialId", "credentialId must name a credential of the resource's provider");
        }
        if self.region.as_deref().is_some_and(|region| !resource.provider.is_region(region)) {
            violations.add("region", REGION_FAULT);
        }
        if let Some(fault) = self.config.as_ref().and_then(|c| resource.resource_type.config_fault(c)) {
            violations.add("config", fault);
        }
        if self.provider.as_deref().is_some_and(|provider| provider != resource.provider.as_str()) {
            violations.add("provider", "provider cannot be changed after creation");
        }
        if self.resource_type.as_deref().is_some_and(|kind| kind != resource.resource_type.as_str()) {
            violations.add("resourceType", "resourceType cannot be changed after creation");
        }
        violations.or(())
    }
}

fn set<T: Clone>(slot: &mut T, value: &Option<T>) {
    if let Some(value) = value {
        slot.clone_from(value);
    }
}

fn changes(before: &Resource, after: &Resource) -> Vec<FieldChange> {
    [
        FieldChange::between("name", &before.name, &after.name),
        FieldChange::between("resourceIdentifier", &before.resource_identifier, &after.resource_identifier),
        FieldChange::between("credentialId", &before.credential_id, &after.credential_id),
        FieldChange::between("region", &before.region, &after.region),
        FieldChange::between("isActive", &before.is_active, &after.is_active),
        FieldChange::between("config", &before.config, &after.config),
    ]
    .into_iter()
    .flatten()
    .collect()
}
