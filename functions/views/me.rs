//! The caller as the API shows them.

use model::id::{OrgId, ResourceId, RoleId, UserId};
use model::principal::Principal;
use model::provider::{Provider, ResourceType};
use model::resource::Resource;
use model::role::Role;
use model::user::User;
use serde::Serialize;
use store::Accessible;

/// The caller, and the resources that a session of theirs would open.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MeView {
    id: UserId,
    email: Option<String>,
    name: Option<String>,
    organization: OrgId,
    is_org_admin: bool,
    roles: Vec<OwnRole>,
    resources: Vec<OpenResource>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OwnRole {
    id: RoleId,
    name: String,
    max_session_duration_hours: Option<u32>,
}

/// A resource for a person who may open it. It does not show how Postern reaches it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OpenResource {
    id: ResourceId,
    name: String,
    provider: Provider,
    resource_type: ResourceType,
    resource_identifier: String,
    region: Option<String>,
}

impl MeView {
    #[must_use]
    pub fn of(principal: &Principal, user: User, accessible: Accessible) -> Self {
        Self {
            id: user.id,
            email: user.email,
            name: user.name,
            organization: principal.org.clone(),
            is_org_admin: principal.is_org_admin,
            roles: accessible.roles.into_iter().map(OwnRole::of).collect(),
            resources: accessible.resources.into_iter().map(OpenResource::of).collect(),
        }
    }
}

impl OwnRole {
    fn of(role: Role) -> Self {
        Self { id: role.id, name: role.name, max_session_duration_hours: role.max_session_duration_hours }
    }
}

impl OpenResource {
    fn of(resource: Resource) -> Self {
        Self {
            id: resource.id,
            name: resource.name,
            provider: resource.provider,
            resource_type: resource.resource_type,
            resource_identifier: resource.resource_identifier,
            region: resource.region,
        }
    }
}
