//! What a person reaches: through their roles, directly, or as an administrator.

use futures_util::future::try_join_all;
use model::id::{OrgId, ResourceId};
use model::resource::Resource;
use model::role::Role;
use model::user::User;
use std::collections::BTreeSet;

use crate::error::StoreError;
use crate::{ListPart, Store};

/// A person's roles, and the resources that a session of theirs would open.
#[derive(Debug, Clone)]
pub struct Reach {
    /// The roles that exist.
    pub roles: Vec<Role>,
    /// The active resources.
    pub resources: Vec<Resource>,
}

impl Store {
    /// The reach of a person: active resources only; an administrator's is everything.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn reach(&self, org: &OrgId, user: &User, is_org_admin: bool) -> Result<Reach, StoreError> {
        let roles = try_join_all(user.role_ids.iter().map(|id| self.role(org, *id))).await?;
        let roles: Vec<Role> = roles.into_iter().flatten().map(|role| role.value).collect();
        let mut resources = if is_org_admin {
            self.resources_in_order_of_creation(org, &ListPart::default()).await?.items
        } else {
            let through_roles = roles.iter().flat_map(|role| &role.resource_ids);
            let ids: BTreeSet<ResourceId> = through_roles.chain(&user.resource_ids).copied().collect();
            self.resources_with_ids(org, &ids).await?
        };
        resources.retain(|resource| resource.is_active);
        Ok(Reach { roles, resources })
    }
}
